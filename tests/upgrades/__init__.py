"""Installations of earlier versions, which this one must take over without a loss.

`schema-0002` was written by the version before schema 0003: two polls of three sources, one article of which was edited
in between, one told by two sources, and a source that is disabled.
"""
