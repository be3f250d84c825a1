"""Rules, applied to what is marked to be published. Shell. The caller holds the lock of the outbox.

Whatever changes an article, its sources or their rules marks it. So one place judges new entries, edits and stored
entries under changed rules, and nothing is written before it was judged.
"""

from hashlib import blake2b

from aggregator.app import App

APPLIED = "rules"  # note: the digest of the rules of all sources as last applied; "" where no source had any
OWN_ONLY = "-"  # in place of the digest: rules of single sources


def apply_rules(app: App, batch_size: int) -> None:
    """Judge all marked articles, and all stored ones if the rules of all sources changed.

    Articles whose source's own rules changed are marked already. May be called again after a crash. Raises StoreError.
    """
    applied, current = app.store.meta.get(APPLIED) or "", _digest(app)
    if not (applied or current):
        return
    if (applied or OWN_ONLY) != (current or OWN_ONLY):
        app.store.rulings.mark_all()
    _judge_marked(app, batch_size)
    if applied != current:
        app.store.meta.set(APPLIED, current)


def _digest(app: App) -> str:
    if not app.settings.rules:
        return OWN_ONLY if app.has_rules else ""
    return blake2b(repr(app.settings.rules).encode(), digest_size=16).hexdigest()


def _judge_marked(app: App, batch_size: int) -> None:
    from aggregator.rules import judge_article  # loads the cleaner, which a round without rules does without

    store, rules, words = app.store.rulings, app.settings.rules, app.settings.articles.summary_words
    last: str | None = None
    while ids := store.pending(last, batch_size):
        last = ids[-1]
        store.apply([(entry, judge_article(entry, rules, words)) for entry in store.entries(ids)], app.clock())
