"""What readers reach over HTTP: the feeds that go out. Edge; never fetches, parses or decides."""

from aggregator.serve.site import site

__all__ = ["site"]
