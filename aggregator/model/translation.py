"""Translations of articles. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from aggregator.model.source import Source


class ClaimedTranslation(Struct, frozen=True, kw_only=True):
    """Article that this process is to have translated into one language."""

    article_id: str
    language: str  # of the translation
    source: Source
    original_language: str | None
    title: str
    summary: str
    html: str
    link: str
    version: int  # of the mark, which a later change of the article renews
    failures: int  # so far


class Translation(Struct, frozen=True, kw_only=True):
    """Text of an article in another language, as stored."""

    language: str
    updated: datetime  # when it came
    digest: bytes  # of the text that it translates
    title: str
    summary: str
    html: str
    markdown: str
    is_wanted: bool = True  # the article's source still names the language; else it is removed


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestion:
    """The server's texts for an article, and the texts that they translate."""

    title: str = field(repr=False)  # as HTML
    summary: str = field(repr=False)  # as HTML
    html: str = field(repr=False)
    original_title: str = field(repr=False)  # plain text
    original_html: str = field(repr=False)
    link: str  # of the article
    language: str


class TranslatedText(Struct, frozen=True, kw_only=True):
    """Text of an article in another language; it is not used if there is a `refusal`."""

    title: str = ""  # plain text
    summary: str = ""  # plain text
    html: str = ""  # clean, absolute URLs
    markdown: str = ""  # inert
    refusal: str = ""  # the sentence why it is not used
