"""Ticks that go on when the system's clock is put back, or forward by a year. Edge."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from aggregator.clock import utc_now


class TickTrigger(BaseTrigger):  # type: ignore[misc]  # it ships no types
    """Fires at once, then a tick after now; APScheduler's own trigger counts the missed ticks of a year one by one."""

    def __init__(self, tick: timedelta) -> None:
        self._tick = tick

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return the next time by the system's clock."""
        return now + self._tick if previous_fire_time else now

    def __str__(self) -> str:
        return f"every {self._tick}"


class RunningJobs:
    """Jobs of the scheduler that are under way: at its shutdown it would cancel them, and log that as an error."""

    def __init__(self) -> None:
        self._tasks = set[asyncio.Task[None]]()

    def tracked(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return the job as a function whose runs `wait` waits for."""

        @wraps(job)
        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await job()
            finally:
                self._tasks.discard(task)

        return run

    async def wait(self) -> None:
        """Wait for the end of what is under way; the scheduler must start nothing new."""
        if self._tasks:
            await asyncio.wait(self._tasks)


async def keep_ticking(scheduler: AsyncIOScheduler, tick: timedelta) -> None:
    """Have every job of the scheduler run again within two ticks, until cancelled.

    The scheduler goes by the system's clock, and would rest for a day after that was put back by a day.
    """
    while True:
        await asyncio.sleep(tick.total_seconds())  # by the event loop's clock, which only goes forward
        now = utc_now()
        for job in scheduler.get_jobs():
            if job.next_run_time and job.next_run_time - now > 2 * tick:
                job.modify(next_run_time=now)
