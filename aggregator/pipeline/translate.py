"""Articles translated by the server: claim the marks one by one, ask, clean, record. Shell.

One text is requested at a time, and its translation is kept before the next one: a process that is killed repeats only
the request in flight. A server that fails holds off all marks, a text that it refuses only its own.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from aggregator.app import App
from aggregator.fetch.translate import TranslationServer
from aggregator.model import AnswerQuestion, ClaimedTranslation, Failure, TranslatedText
from aggregator.sandbox import Aborted, Sandbox
from aggregator.schedule.backoff import translate_backoff
from aggregator.settings.references import resolved
from aggregator.timestamps import rfc3339
from aggregator.translation import MessageError, article_digest, request_body, text_digest, texts_of, translated_text

ANSWER = "aggregator.translation:article_text"
LEASE = timedelta(minutes=10)  # after this a translation comes back that was claimed by a process that died
MAX_RETRY_AFTER = timedelta(hours=1)
OF_SERVER: Final = frozenset({401, 403, 404, 408, 429})  # statuses, beside 5xx, that it would give for any text

log = logging.getLogger(__name__)


class Translator:
    """Translates articles whose marks are due, one after the other, while the server answers."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._failures = 0  # of the server, in a row
        self._held_until: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def start_due(self) -> None:
        """Start to translate what is due, unless that is under way. Raises StoreError of what was started before."""
        if self._task and self._task.done():
            task, self._task = self._task, None
            task.result()
        if self._task is None and (self._held_until is None or self._held_until <= self._app.clock()):
            self._task = asyncio.create_task(self.translate_due())

    async def stop(self) -> None:
        """Cancel what is under way: its mark is released."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def translate_due(self) -> None:
        """Translate everything that is due, until the server fails. Raises StoreError."""
        url = self._app.settings.translate.url
        if url is None:
            return
        with Sandbox[TranslatedText](ANSWER, max_processes=1) as self._sandbox:
            await self._translate_with(url)

    async def _translate_with(self, url: str) -> None:
        app = self._app
        async with TranslationServer(url, app.settings.fetch, app.clock) as server:
            while claimed := await app.in_writer(app.store.translations.claim, app.clock(), LEASE):
                if not await self._translate(server, claimed):
                    return

    async def _translate(self, server: TranslationServer, claimed: ClaimedTranslation) -> bool:
        """Translate one article and record what came; return False if the server failed."""
        app, store = self._app, self._app.store.translations
        if not _is_wanted(claimed):
            await app.in_writer(store.drop, claimed)
            return True
        try:
            result = await self._text(server, claimed)
        except asyncio.CancelledError:
            await app.in_writer(store.release, claimed)
            raise
        if isinstance(result, TranslatedText):
            self._failures, self._held_until = 0, None
            if result.refusal:  # the same texts would give the same
                log.warning("%s: no translation into %s: %s", claimed.link, claimed.language, result.refusal)
                await app.in_writer(store.postpone, claimed, None, result.refusal, failures=claimed.failures + 1)
            else:
                await app.in_writer(store.record, claimed, result, article_digest(claimed), app.clock())
            return True
        return await self._postpone(claimed, result)

    async def _postpone(self, claimed: ClaimedTranslation, failure: Failure) -> bool:
        """Have the translation made later; return False if the server failed, True if it refused this text."""
        app, now, failures = self._app, self._app.clock(), claimed.failures + 1
        due = now + translate_backoff(failures)
        await app.in_writer(app.store.translations.postpone, claimed, due, failure.reason, failures=failures)
        if failure.status is not None and failure.status < 500 and failure.status not in OF_SERVER:
            log.warning(
                "%s: no translation of %s into %s; again at %s", failure, claimed.link, claimed.language, rfc3339(due)
            )
            return True
        self._failures += 1
        requested = min(failure.retry_after or timedelta(0), MAX_RETRY_AFTER)
        self._held_until = now + max(translate_backoff(self._failures), requested)
        log.warning("%s; the translation server is asked again at %s", failure, rfc3339(self._held_until))
        return False

    async def _text(self, server: TranslationServer, claimed: ClaimedTranslation) -> TranslatedText | Failure:
        texts: list[str] = []
        for text in texts_of(claimed.title, claimed.summary, claimed.html):
            answer = await self._translated(server, claimed, text) if text.strip() else text
            if isinstance(answer, Failure):
                return answer
            texts.append(answer)
        title, summary, html = texts
        question = AnswerQuestion(
            title=title,
            summary=summary,
            html=html,
            original_html=claimed.html,
            link=claimed.link,
            language=claimed.language,
        )
        result = await self._sandbox.call(question)
        return TranslatedText(refusal=result.reason) if isinstance(result, Aborted) else result

    async def _translated(self, server: TranslationServer, claimed: ClaimedTranslation, text: str) -> str | Failure:
        """Return the translation of one text, remembered or requested."""
        app, store = self._app, self._app.store.translations
        source, target = _primary(claimed.original_language), claimed.language
        digest = text_digest(text, source, target)
        remembered = await app.in_writer(store.texts, (digest,))
        if digest in remembered:
            return remembered[digest]
        key = app.settings.translate.key
        body = request_body(text, source, target, resolved(key, app.environ) if key else None)
        answer = await server.post(body)
        if isinstance(answer, Failure):
            return answer
        try:
            translation = translated_text(answer)
        except MessageError as error:
            return server.failure(str(error))
        await app.in_writer(store.remember, digest, translation)
        return translation


def _is_wanted(claimed: ClaimedTranslation) -> bool:
    """Return True if the article is still to appear in that language, and is written in another one."""
    languages = claimed.source.settings.translate
    return claimed.language in languages and _primary(claimed.original_language) != _primary(claimed.language)


def _primary(language: str | None) -> str | None:
    """Return the primary subtag of a language tag, such as en of en-GB (RFC 5646)."""
    return language.partition("-")[0].lower() if language else None
