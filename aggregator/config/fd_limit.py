"""Settings that fit what the system lets a process have. Edge."""

import logging
import resource

from aggregator.settings import Settings

RESERVE = 56  # descriptors for all but requests: database, files, processes, and who reads feeds

log = logging.getLogger("aggregator")


def affordable(settings: Settings) -> Settings:
    """The settings, with no more requests at once than there can be sockets; that they are fewer is logged.

    The limit on open files is raised as far as this process may. Up to twice `concurrency` sockets are open, as a
    request that is silent gives its place to another.
    """
    wanted = settings.fetch.concurrency
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= 2 * wanted + RESERVE:
        return settings
    most = 2 * wanted + RESERVE if hard == resource.RLIM_INFINITY else min(hard, 2 * wanted + RESERVE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    fits = max(1, (most - RESERVE) // 2)
    if fits >= wanted:
        return settings
    log.warning(
        "this process may have %d open files, enough for %d requests at once and not for the %d of fetch.concurrency; "
        "raise the limit (ulimit -n, LimitNOFILE)",
        most,
        fits,
        wanted,
    )
    return settings.model_copy(update={"fetch": settings.fetch.model_copy(update={"concurrency": fits})})
