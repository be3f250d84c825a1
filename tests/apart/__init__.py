"""Tests of aggregator.apart."""
