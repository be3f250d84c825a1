"""Articles and category feeds as bytes. Pure: no clock is read, so equal input gives equal bytes; any text is safe.

The only importer of feedgen.
"""

from aggregator.render.article import article_file, article_path, pattern_fault
from aggregator.render.formats import FORMATS, MAX_BYTES, Format, feed_files, fitting_files
from aggregator.render.front_matter import LAYOUTS

__all__ = [
    "FORMATS",
    "LAYOUTS",
    "MAX_BYTES",
    "Format",
    "article_file",
    "article_path",
    "feed_files",
    "fitting_files",
    "pattern_fault",
]
