"""An article's file: its bytes and its path."""

import re
from hashlib import blake2b

from aggregator.commonmark.escape import markdown_link
from aggregator.model import Credit, Draft, OutputFile, Source, StoredArticle
from aggregator.names import slug
from aggregator.render.front_matter import front_matter
from aggregator.render.media import media_links
from aggregator.settings import Articles

FIELDS = ("source", "category", "lang", "year", "month", "day", "hour", "minute", "slug", "id")
MAX_SEGMENT = 200  # bytes of a name in a path; leaves room for a number after equal names, and for a temporary name
SUFFIX = ".md"

_FIELD = re.compile(r"\{(\w*)\}")


def article_file(article: StoredArticle, settings: Articles) -> OutputFile:
    """Return the article's file at `article.path`: front matter, Markdown, and links to its audio and credited sources.

    A blank line separates the links too, so that each is rendered on a line of its own. The other members of its
    cluster are one paragraph before them.
    """
    credited = article.credits or (Credit(source=article.source, link=article.link),)
    links = dict.fromkeys(markdown_link(credit.source, credit.link) for credit in credited)
    body = article.markdown.strip("\n")
    also = ", ".join(f"{markdown_link(member.title, member.link)} ({member.source})" for member in article.also)
    parts = (*([body] if body else ()), *media_links(article), *([f"Also: {also}"] if also else ()), *links)
    head, text = front_matter(article, settings.front_matter, settings.keys), "\n\n".join(parts)
    return OutputFile(path=article.path, data=f"{head}\n{text}\n".encode(errors="replace"))


def article_path(draft: Draft, article_id: str, source: Source, pattern: str) -> str:
    """Return the path of a new article's file, relative to the articles' folder: `pattern` with its fields filled in.

    `pattern` has passed `pattern_fault`. Every field gives at least one ASCII letter, digit or "-", so the path stays
    in the folder. Two articles can get the same path.
    """
    *folders, name = _FIELD.sub(lambda field: _value(draft, article_id, source, field[1]), pattern).split("/")
    stem = _cut(name.removesuffix(SUFFIX), MAX_SEGMENT - len(SUFFIX))
    return "/".join((*(_cut(folder, MAX_SEGMENT) for folder in folders), stem + SUFFIX))


def pattern_fault(pattern: str) -> str | None:
    """Return what is wrong with `articles.name` and what to write instead, None if it is valid."""
    unknown = [field for field in _FIELD.findall(pattern) if field not in FIELDS]
    literal = _FIELD.sub("", pattern)
    segments = _FIELD.sub("x", pattern).split("/")
    if unknown:
        return f"has no field {{{unknown[0]}}}; write one of {', '.join(f'{{{field}}}' for field in FIELDS)}"
    if "{" in literal or "}" in literal:
        return "has a brace that belongs to no field; write a field such as {slug}"
    if "\\" in literal or not literal.isprintable():
        return "has a backslash or a control character; write folders with /"
    if any(not segment or segment.startswith(".") for segment in segments):
        return "leads out of its folder or to a hidden name; write a relative path without . at the start of a name"
    if not pattern.endswith(SUFFIX):
        return f"does not end in {SUFFIX}; write for example {{day}}-{{slug}}{SUFFIX}"
    if segments[-1] in {"index.md", "_index.md"}:
        return "is index.md, which is no article to Hugo; write for example {slug}.md"
    return None


def _value(draft: Draft, article_id: str, source: Source, field: str) -> str:
    match field:
        case "id":
            return article_id
        case "year":
            return f"{draft.published:%Y}"
        case "month" | "day" | "hour" | "minute":
            return f"{getattr(draft.published, field):02}"
        case "source":
            text = source.name
        case "category":
            text = next(iter(source.categories), source.name)
        case "lang":
            text = draft.language or "und"
        case _:
            text = draft.title
    return slug(text) or blake2b(article_id.encode(), digest_size=4).hexdigest()


def _cut(name: str, max_bytes: int) -> str:
    """Return the start of `name`, at most `max_bytes` of UTF-8 long."""
    return name.encode()[:max_bytes].decode(errors="ignore")
