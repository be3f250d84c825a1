"""Runs one pure function in child processes with limits on time and memory. Edge.

Python can neither interrupt a regular expression nor return what a hostile document made it allocate; the operating
system can do both to a process. A call that exceeds its limits gives an `Aborted` value, and a process that died is
replaced. A document that takes over the interpreter which reads it gains nothing here: results are data alone.
"""

from aggregator.sandbox.limits import Aborted, Limits
from aggregator.sandbox.pool import Sandbox

__all__ = ["Aborted", "Limits", "Sandbox"]
