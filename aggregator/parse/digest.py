"""The digest by which an entry is known again at the next fetch. Pure."""

from hashlib import blake2b

from aggregator.model import Enclosure, Entry, Link, Person, Term, TextConstruct

Fields = tuple[object, ...]

DIGEST_BYTES = 8  # of an entry; `SourceState.seen` joins them

_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


def with_digest(
    *,
    guid: str | None,
    links: tuple[Link, ...],
    title: TextConstruct | None,
    contents: tuple[TextConstruct, ...],
    published: str | None,
    updated: str | None,
    language: str | None,
    authors: tuple[Person, ...],
    enclosures: tuple[Enclosure, ...],
    image: str | None,
    terms: tuple[Term, ...],
    guid_is_link: bool = False,
    original_link: str | None = None,
) -> Entry:
    """The entry that says this, with the digest of everything that readers would see of it.

    Its dates count only where neither guid nor link name it: many sources stamp their entries anew at every fetch,
    and that alone must change nothing.
    """
    before = (
        guid,
        guid_is_link,
        [(link.rel, link.href) for link in links],
        original_link,
        (title.value, title.kind, title.base) if title else None,
    )
    after = (
        () if guid or links else (published, updated),
        language,
        [(author.name, author.email, author.url) for author in authors],
        [(file.url, file.type, file.length, file.title) for file in enclosures],
        image,
        [(term.term, term.scheme, term.label) for term in terms],
    )
    return Entry(
        digest=_digest(before, contents, after),
        guid=guid,
        guid_is_link=guid_is_link,
        links=links,
        original_link=original_link,
        title=title,
        contents=contents,
        published=published,
        updated=updated,
        language=language,
        authors=authors,
        enclosures=enclosures,
        image=image,
        terms=terms,
    )


def _digest(before: Fields, contents: tuple[TextConstruct, ...], after: Fields) -> bytes:
    """Digest of repr of all three as one tuple: unambiguous, quick, and ASCII enough for any string."""
    hashed = blake2b(f"({repr(before)[1:-1]}, [".encode(), digest_size=DIGEST_BYTES)
    separator = ""
    for text in contents:
        hashed.update(f"{separator}({quoted(text.value)}, {text.kind!r}, {text.base!r})".encode())
        separator = ", "
    hashed.update(f"], {repr(after)[1:-1]})".encode())
    return hashed.digest()


def quoted(text: str) -> str:
    """repr of `text`; of a long one in ASCII in half the time."""
    if not text.isascii() or len(text.encode().translate(None, _CONTROLS)) < len(text):
        return repr(text)
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if "'" not in text:
        return f"'{escaped}'"
    return f'"{escaped}"' if '"' not in text else "'" + escaped.replace("'", "\\'") + "'"
