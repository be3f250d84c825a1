"""Features that sources use: what none of them uses need not be looked for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from aggregator.settings import Settings
from aggregator.settings.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Features that at least one source uses."""

    rules: bool = False  # or there are rules for all sources
    rules_on_text: bool = False  # they may drop an article by its feed's text, and keep it by its page's
    full_text: bool = False
    backfill: bool = False
    translations: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "Features":
        """Return the features that these settings and their sources use."""
        sources = settings.sources
        return cls(
            rules=bool(settings.rules) or any(source.rules for source in sources),
            rules_on_text=_look_at_text(chain(settings.rules, *(source.rules for source in sources))),
            full_text=any(source.full_text for source in sources),
            backfill=any(source.backfill != "none" for source in sources),
            translations=any(source.translate for source in sources),
        )


def _look_at_text(rules: Iterable[Rule]) -> bool:
    conditions = chain.from_iterable((rule.if_, rule.unless) for rule in rules)
    return any(condition and (condition.text or condition.words) for condition in conditions)
