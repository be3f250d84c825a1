"""When a source is asked next. Pure; the one place where politeness over time is decided.

The state of a source after an answer is `after_feed`, `after_not_modified`, `after_same_truncated` or `after_failure`,
after a push `after_push`; that of its host is `host_after`. The headers of an answer are read in `headers`.
"""

from aggregator.schedule.state import (
    after_failure,
    after_feed,
    after_not_modified,
    after_push,
    after_same_truncated,
    host_after,
    is_conditional,
)

__all__ = [
    "after_failure",
    "after_feed",
    "after_not_modified",
    "after_push",
    "after_same_truncated",
    "host_after",
    "is_conditional",
]
