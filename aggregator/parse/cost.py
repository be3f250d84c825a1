"""Cost of reading a document, by which it is read in process or in the sandbox. Pure.

Reading in the sandbox can be stopped, but its process is expensive to start. A cheap document is small, has no document
type, and has nothing in large numbers that takes more than its share of time in expat, feedparser, the cleaner or our
own code. `tests/test_document.py` reads documents that consist of one such thing.
"""

import re

from aggregator.model import FeedDocument

MAX_BYTES = 256 * 1024
MAX_DECLARATIONS = 1000  # of namespaces, and of bases: a look-up passes through those around it

_WIDE = b"\0"  # in UTF-16, UTF-32 and in binary data
_DECLARED = re.compile(rb"<!(?!--|\[CDATA\[)")
_RUN = 250  # bytes; rules drawn in characters have a hundred or two


def is_cheap(document: FeedDocument) -> bool:
    """Return whether reading `document` certainly takes little time and memory, in proportion to its size."""
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
    """Return whether one mark fills a whole part of `body`, as it does if it is repeated for twice a part's length."""
    first, second = body[::_RUN], body[1::_RUN]  # of each part; nearly everywhere they differ
    return any(
        not (mark := bytes([byte])).isalnum() and not mark.isspace() and body.startswith(mark * _RUN, part * _RUN)
        for part, (byte, following) in enumerate(zip(first, second, strict=False))
        if byte == following
    )
