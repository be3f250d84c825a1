"""The last comparison of the database with its files, which is made one part after the other."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.store.meta import MetaStore

_NOTE = "compared"  # note: part and time of the last comparison, and the numbers of differences by part
ALL_PARTS = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The part that was compared last, and when; `differences` are numbers by part, of each as of its last time."""

    part: str
    moment: datetime
    differences: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of the differences of all parts."""
        return sum(self.differences.values())


class ComparisonStore:
    """The note about the last comparison."""

    def __init__(self, meta: MetaStore) -> None:
        self._meta = meta

    def last(self) -> Comparison | None:
        """Return the last comparison, None if there was none yet."""
        if not (note := self._meta.get(_NOTE)):
            return None
        part, moment, differences = json.loads(note)
        return Comparison(part=part, moment=datetime.fromisoformat(moment), differences=differences)

    def note(self, part: str, differences: int, now: datetime) -> None:
        """Note that a part was compared, and how many differences are left; ALL_PARTS takes the place of all."""
        before = self.last()
        numbers = dict(before.differences) if before and part != ALL_PARTS else {}
        numbers.pop(part, None)
        if differences:
            numbers[part] = differences
        self._meta.set(_NOTE, json.dumps([part, now.isoformat(), numbers]))
