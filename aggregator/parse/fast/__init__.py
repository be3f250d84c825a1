"""A fast reader for the common kinds of RSS and Atom; feedparser reads all others. Pure.

`read_fast` gives the result of `read_with_feedparser` in a seventh of its time, or raises Unsupported: for XML that is
not well-formed, for elements that are not in `supported`, and for all that feedparser would repair. Its time is linear
in the size of the document.
"""

from aggregator.parse.fast.namespaces import Unsupported
from aggregator.parse.fast.reader import read_fast

__all__ = ["Unsupported", "read_fast"]
