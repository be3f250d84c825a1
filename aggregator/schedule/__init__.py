"""Schedule: the time of each source's next fetch. Pure; the only place that decides how often a source is asked.

`after_feed`, `after_not_modified`, `after_same_truncated`, `after_failure` and `after_push` return the state of a
source after a fetch or a push, `host_after` that of its host. `headers` reads the response headers that matter here.
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
