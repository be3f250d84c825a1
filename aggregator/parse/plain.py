"""Which documents cost no more to read than their size says. Pure.

What is read in a child process can be stopped, but a process is dear to start; a document that is plain may be read
where it is. Plain is what this rule says and no more: few bytes, no document type, and nothing in a number for which
anything behind it (expat, feedparser, the cleaner, our own rules) is known to take more than its share of time.
`tests/test_document.py` holds documents against it that are nothing but one such thing.
"""

import re

from aggregator.model import FeedDocument

MAX_BYTES = 256 * 1024
MAX_DECLARATIONS = 1000  # of namespaces, and of bases: each is looked for through those around it

_WIDE = b"\0"  # in UTF-16, UTF-32, and in what is no text at all
_DECLARED = re.compile(rb"<!(?!--|\[CDATA\[)")
_RUN = 250  # bytes; rules drawn in characters have a hundred or two


def is_plain(document: FeedDocument) -> bool:
    """Whether reading `document` is sure to take time and memory in proportion to its size, and not much."""
    body = document.body
    return (
        len(body) <= MAX_BYTES
        and _WIDE not in body
        and not _DECLARED.search(body)
        and body.count(b"xmlns") <= MAX_DECLARATIONS
        and body.count(b"xml:base") <= MAX_DECLARATIONS
        and not _has_run(body)
    )


def _has_run(body: bytes) -> bool:
    """Whether one mark fills a whole part of `body`, of its parts of equal length: it does in any run twice as long."""
    first, second = body[::_RUN], body[1::_RUN]  # of each part; nearly everywhere they differ
    return any(
        not (mark := bytes([byte])).isalnum() and not mark.isspace() and body.startswith(mark * _RUN, part * _RUN)
        for part, (byte, following) in enumerate(zip(first, second, strict=False))
        if byte == following
    )
