"""Runs one pure function in processes of its own, which can be stopped. Edge.

Python cannot interrupt a regular expression, nor give back what a hostile document made it allocate; the operating
system can do both to a process. A call that takes too long or too much is a `Stopped` value, and a process that died
over it is replaced. What a process answers is unpickled here: it guards against documents that cost too much, not
against one that takes over the interpreter that reads it.
"""

from aggregator.sandbox.limits import Limits, Stopped
from aggregator.sandbox.pool import Apart

__all__ = ["Apart", "Limits", "Stopped"]
