"""When a source is asked next. Pure; the one place where politeness over time is decided.

What one answer means for a source's row is `after_feed`, `after_not_modified` and `after_failure`, what a push does
`after_push`; what an answer means for its host, `host_after`. What an answer's headers say is read in `headers`.
"""

from aggregator.schedule.state import (
    after_failure,
    after_feed,
    after_not_modified,
    after_push,
    host_after,
    is_conditional,
)

__all__ = ["after_failure", "after_feed", "after_not_modified", "after_push", "host_after", "is_conditional"]
