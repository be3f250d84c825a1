"""Fetches sources: the only HTTP client. Edge."""

from aggregator.fetch.client import Fetcher

__all__ = ["Fetcher"]
