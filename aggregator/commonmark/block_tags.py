"""Tags of clean HTML that are blocks. Pure."""

_TAGS = """
    blockquote caption dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td tfoot th thead
    tr ul
"""
BLOCK_TAGS = frozenset(_TAGS.split())
