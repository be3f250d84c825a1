"""Tests of aggregator.sandbox."""
