"""Due sources in, recorded articles out. Shell.

    leases     claim the sources that are due, for a while
    fetch      ask each of their URLs once
    read       compute the drafts of a document, in the writer thread or in the sandbox
    record     decide on the drafts and write them, several documents to a transaction
    states     write the states of sources that had nothing new

    backfill   read the pages of archives that are due
    complete   read the pages of articles that are due, as robots allow
    robots     robots.txt of their sites
    translate  have the articles translated that are due

`refresh` takes claimed sources through the first five. `once` does that for one cycle, `poller` for as long as the
daemon runs, and `push` takes the documents that hubs send through the steps read and record. The event loop waits for
the network; one thread does all writing, so that the store has one writer. A failure of one source is a `Failure` in
its outcome.
"""

from aggregator.pipeline.once import run_cycle
from aggregator.pipeline.report import Report, SourceOutcome

__all__ = ["Report", "SourceOutcome", "run_cycle"]
