"""Articles translated by the server: claim the marks one by one, ask, clean, record. Shell.

One text is requested at a time, and its translation is kept before the next one: a process that is killed repeats only
the request in flight. A server that fails holds off all marks, a text that it cannot translate only its own.
"""

import asyncio
import logging
from collections.abc import Collection

from aggregator.app import App
from aggregator.fetch.translate import TranslationFailure, TranslationServer
from aggregator.model import AnswerQuestion, ClaimedTranslation, TranslatedText
from aggregator.pipeline import leases
from aggregator.pipeline.leases import renewed
from aggregator.pipeline.translation_hold import TranslationHold
from aggregator.sandbox import Aborted, Sandbox
from aggregator.schedule.backoff import translate_backoff
from aggregator.settings.references import resolved
from aggregator.timestamps import rfc3339
from aggregator.translation import MessageError, article_digest, request_body, text_digest, texts_of, translated_text

ANSWER = "aggregator.translation:article_text"
MAX_DOUBTS = 3  # translations that fail in a row, by their text or by the server, from which on it is the server

log = logging.getLogger(__name__)


class Translator:
    """Translates articles whose marks are due, one after the other, while the server answers.

    With `names`, only the articles of these sources.
    """

    def __init__(self, app: App, names: Collection[str] | None = None) -> None:
        self._app, self._names = app, names
        self._hold = TranslationHold(app)
        self._doubts: set[tuple[str, str]] = set()  # since the last translation: articles and languages that failed
        self._task: asyncio.Task[None] | None = None

    def start_due(self) -> None:
        """Start to translate what is due, unless that is under way. Raises StoreError of what was started before."""
        if self._task and self._task.done():
            task, self._task = self._task, None
            task.result()
        if self._task is None and not self._hold.is_on():
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
        if url is None or (claimed := await self._claim()) is None:
            return
        await self._hold.load()
        if self._hold.is_on():
            await self._app.in_writer(self._app.store.translations.release, claimed)
            return
        server = TranslationServer(url, self._app.settings.fetch, self._app.clock)
        with Sandbox[TranslatedText](ANSWER, max_processes=1) as self._sandbox:
            async with server:
                while claimed and await self._translate(server, claimed):
                    claimed = await self._claim()

    async def _claim(self) -> ClaimedTranslation | None:
        app = self._app
        return await app.in_writer(app.store.translations.claim, app.clock(), leases.LEASE, self._names)

    async def _translate(self, server: TranslationServer, claimed: ClaimedTranslation) -> bool:
        """Translate one article and record what came; return False if the server failed."""
        app, store = self._app, self._app.store.translations
        if not claimed.source.settings.is_translated(claimed.original_language, claimed.language):
            await app.in_writer(store.give_up, claimed)
            return True

        async def renew() -> None:
            await app.in_writer(store.extend, claimed, app.clock(), leases.LEASE)

        try:
            async with renewed(renew):
                result = await self._text(server, claimed)
        except asyncio.CancelledError:
            await app.in_writer(store.release, claimed)
            raise
        if isinstance(result, TranslationFailure):
            return await self._postpone(claimed, result)
        self._doubts.clear()
        await self._hold.end()
        if result.refusal:  # the same texts would give the same
            log.warning("%s: no translation into %s: %s", claimed.link, claimed.language, result.refusal)
            await app.in_writer(store.postpone, claimed, None, result.refusal, failures=claimed.failures + 1)
        else:
            await app.in_writer(store.record, claimed, result, article_digest(claimed), app.clock())
        return True

    async def _postpone(self, claimed: ClaimedTranslation, failure: TranslationFailure) -> bool:
        """Have the translation made later; return False if the server failed, True if it may be this text's fault."""
        app, failures = self._app, claimed.failures + 1
        due = app.clock() + translate_backoff(failures)
        await app.in_writer(app.store.translations.postpone, claimed, due, failure.reason, failures=failures)
        if failure.blame == "either":
            self._doubts.add((claimed.article_id, claimed.language))
        if failure.blame == "server" or len(self._doubts) >= MAX_DOUBTS:
            until = await self._hold.extend(failure)
            log.warning("%s; the translation server is asked again at %s", failure, rfc3339(until))
            return False
        details = (failure, claimed.link, claimed.language, rfc3339(due))
        log.warning("%s; no translation of %s into %s; again at %s", *details)
        return True

    async def _text(
        self, server: TranslationServer, claimed: ClaimedTranslation
    ) -> TranslatedText | TranslationFailure:
        texts: list[str] = []
        for text in texts_of(claimed.title, claimed.summary, claimed.html):
            answer = await self._translated(server, claimed, text) if text.strip() else text
            if isinstance(answer, TranslationFailure):
                return answer
            texts.append(answer)
        title, summary, html = texts
        question = AnswerQuestion(
            title=title,
            summary=summary,
            html=html,
            original_title=claimed.title,
            original_html=claimed.html,
            link=claimed.link,
            language=claimed.language,
        )
        result = await self._sandbox.call(question)
        return TranslatedText(refusal=result.reason) if isinstance(result, Aborted) else result

    async def _translated(
        self, server: TranslationServer, claimed: ClaimedTranslation, text: str
    ) -> str | TranslationFailure:
        """Return the translation of one text, remembered or requested."""
        app, store = self._app, self._app.store.translations
        source, target = _primary(claimed.original_language), claimed.language
        digest = text_digest(text, source, target)
        remembered = await app.in_writer(store.texts, (digest,), app.clock())
        if digest in remembered:
            return remembered[digest]
        key = app.settings.translate.key
        body = request_body(text, source, target, resolved(key, app.environ) if key else None)
        answer = await server.post(body)
        if isinstance(answer, TranslationFailure):
            return answer
        try:
            translation = translated_text(answer, text)
        except MessageError as error:
            return server.failure(str(error), "either")
        await app.in_writer(store.remember, digest, translation, app.clock())
        return translation


def _primary(language: str | None) -> str | None:
    """Return the primary subtag of a language tag, such as en of en-GB (RFC 5646)."""
    return language.partition("-")[0].lower() if language else None
