"""A stored article in another language. Pure."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from uuid import UUID

from msgspec.structs import replace

from aggregator.model import ClaimedTranslation, StoredArticle, Translation

SUFFIX = ".md"


def in_all_languages(article: StoredArticle, translations: Sequence[Translation]) -> Iterator[StoredArticle]:
    """Yield the article, and behind it each of its translations. All of them list the languages that exist."""
    own = (article.language,) if article.language else ()
    languages = (*own, *(translation.language for translation in translations))
    yield replace(article, translations=languages)
    for translation in translations:
        yield replace(in_language(article, translation), translations=languages)


def original_path(path: str, languages: Sequence[str]) -> str:
    """Return the path of the file beside which the translation at `path` stands; `path` if it is none of these."""
    stem, _, language = path.removesuffix(SUFFIX).rpartition(".")
    return f"{stem}{SUFFIX}" if stem and language in languages else path


def in_language(article: StoredArticle, translation: Translation) -> StoredArticle:
    """Return the article as translated; links, authors, dates and labels are those of the original."""
    return replace(
        article,
        uid=translated_uid(article.id, translation.language),
        path=translated_path(article.path, translation.language),
        language=translation.language,
        title=translation.title,
        html=translation.html,
        markdown=translation.markdown,
        summary=translation.summary,
        updated=max(article.updated, translation.updated),
    )


def translated_uid(article_id: str, language: str) -> str:
    """Return the id of a translation in published feeds."""
    digest = blake2b(f"{article_id}\0{language}".encode(), digest_size=16, person=b"translation").digest()
    return f"urn:uuid:{UUID(bytes=digest)}"


def article_digest(article: StoredArticle | ClaimedTranslation) -> bytes:
    """Return the digest of what is translated of an article."""
    text = "\0".join((article.title, article.summary, article.html)).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).digest()


def translated_path(path: str, language: str) -> str:
    """Return the path of a translation's file, beside that of the original: `<name>.<lang>.md`."""
    return f"{path.removesuffix(SUFFIX)}.{language}{SUFFIX}"
