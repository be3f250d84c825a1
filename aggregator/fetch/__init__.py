"""HTTP: the only client of the program. Edge."""

import sys

# Importing httpx loads its command line with click, rich and pygments, a tenth of a second. httpx works without it if
# the import fails.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how the import system marks it

from aggregator.fetch.client import Fetcher  # noqa: E402  # it imports httpx
from aggregator.fetch.rate_limit import Admit  # noqa: E402  # beside the client

__all__ = ["Admit", "Fetcher"]
