"""Work that the processes of a cluster share. Pure."""

from typing import Literal

from msgspec import Struct

SHARDS = tuple("0123456789abcdef")  # of articles, by the first digit of their ids

PublishTask = Literal["prepare", "restyle", "articles", "category", "sweep"]
RequestTask = Literal["hubs", "prune", "mend", "verify"]  # those that may take long
Task = PublishTask | RequestTask


class Job(Struct, frozen=True, order=True):
    """Work on one subject: a shard of articles, or the name of a category; "" for work that has no parts."""

    task: Task
    subject: str = ""

    @property
    def name(self) -> str:
        """Name under which it is queued once, and done by one process at a time."""
        return f"{self.task}:{self.subject}"


def shard_of(article_id: str) -> str:
    """Return the shard of an article."""
    return article_id[0]


def end_of(shard: str) -> str:
    """Return a text that follows all ids of the shard, and none of the next one."""
    return SHARDS[SHARDS.index(shard) + 1] if shard != SHARDS[-1] else "g"
