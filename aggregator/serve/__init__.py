"""HTTP server: feeds, pages, status, metrics and WebSub callbacks. Edge; never fetches, parses or decides."""

from aggregator.serve.connection import connection_for
from aggregator.serve.health import Health, Work
from aggregator.serve.metrics import Metrics
from aggregator.serve.site import site

__all__ = ["Health", "Metrics", "Work", "connection_for", "site"]
