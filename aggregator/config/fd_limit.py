"""Fits the numbers of requests and of connections to the limit on open files. Edge."""

import logging
import resource

from aggregator.settings import Settings

RESERVE = 56  # descriptors for all but requests: database, files, processes, and clients of the server
MAX_CONNECTIONS = 10_000  # of clients, however many files may be open

log = logging.getLogger("aggregator")


def fit_to_fd_limit(settings: Settings) -> Settings:
    """Return the settings with no more requests at once than sockets can be open; fewer than configured are logged.

    The limit on open files is raised as far as this process may. Up to twice `concurrency` sockets are open, as a
    request without an answer gives its place to another.
    """
    configured = settings.fetch.concurrency
    needed = 2 * configured + RESERVE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return settings
    limit = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    concurrency = max(1, (limit - RESERVE) // 2)
    if concurrency >= configured:
        return settings
    log.warning(
        "this process may have %d open files, enough for %d requests at once and not for the %d of fetch.concurrency; "
        "raise the limit (ulimit -n, LimitNOFILE)",
        limit,
        concurrency,
        configured,
    )
    return settings.model_copy(update={"fetch": settings.fetch.model_copy(update={"concurrency": concurrency})})


def max_connections(settings: Settings) -> int:
    """Return the number of connections for clients: half of the open files that requests of these settings leave."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, (limit - 2 * settings.fetch.concurrency) // 2))
