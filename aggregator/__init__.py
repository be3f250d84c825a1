"""A feed aggregator and republisher: source feeds in, clean articles and one feed per category out."""

__version__ = "0.1.0"
