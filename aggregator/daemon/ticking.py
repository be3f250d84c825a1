"""Ticks that keep coming when somebody puts the system's clock back, or on by a year. Edge."""

import asyncio
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from aggregator.clock import utc_now


class Every(BaseTrigger):  # type: ignore[misc]  # it ships no types
    """At once, then a tick after now, whatever was missed; APScheduler itself counts a year of ticks one by one."""

    def __init__(self, tick: timedelta) -> None:
        self._tick = tick

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """By the system's clock."""
        return now + self._tick if previous_fire_time else now

    def __str__(self) -> str:
        return f"every {self._tick}"


async def keep_ticking(scheduler: AsyncIOScheduler, tick: timedelta) -> None:
    """Have every job of the scheduler run again within two ticks, until cancelled.

    It notes by the system's clock when a job is to run next, and would rest for a day after one was put back by a day.
    """
    while True:
        await asyncio.sleep(tick.total_seconds())  # by the loop's clock, which goes forward alone
        now = utc_now()
        for job in scheduler.get_jobs():
            if job.next_run_time and job.next_run_time - now > 2 * tick:
                job.modify(next_run_time=now)
