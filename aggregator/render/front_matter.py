"""The head of an article's file, in the form that a site generator reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aggregator.model import StoredArticle
from aggregator.render.escape import markdown_line, quoted
from aggregator.timestamps import RFC3339

Value = str | bool | tuple[str, ...]
Fields = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A form of front matter: its name in `articles.front_matter`, and the head it gives, ending in one line feed."""

    name: str
    head: Callable[[StoredArticle], str]


def mainroad(article: StoredArticle) -> str:
    """YAML for Hugo with the theme Mainroad: `date` in UTC without a zone, the theme's keys at their defaults."""
    fields = (*_hugo_fields(article, date="%Y-%m-%d %H:%M:%S"), ("menu", ""), ("thumbnail", article.image or ""))
    return f"---\n{_lines(fields)}{_MAINROAD}---\n"


def hugo(article: StoredArticle) -> str:
    """YAML for Hugo with any theme; dates carry their offset, so the site's time zone does not matter."""
    return _yaml(_hugo_fields(article, date="%Y-%m-%dT%H:%M:%S+00:00"))


def jekyll(article: StoredArticle) -> str:
    """YAML for Jekyll 4. Liquid is off in the body: a source's `{{` and `{%` would stop the build."""
    date = "%Y-%m-%d %H:%M:%S +0000"
    return _yaml(
        (
            ("layout", "post"),
            ("title", article.title),
            ("date", article.published.strftime(date)),
            *_when_edited(article, "last_modified_at", date),
            ("description", article.summary),
            ("categories", article.categories),
            ("tags", article.tags),
            ("lang", article.language or ""),
            ("image", article.image or ""),
            ("render_with_liquid", False),
        )
    )


def zola(article: StoredArticle) -> str:
    """TOML for Zola; the site's configuration names the taxonomies `categories` and `tags`."""
    date = RFC3339  # bare: TOML has dates
    lines = (
        "+++",
        f"title = {quoted(article.title)}",
        f"date = {article.published.strftime(date)}",
        *(f"{key} = {moment}" for key, moment in _when_edited(article, "updated", date)),
        f"description = {quoted(article.summary)}",
        "[taxonomies]",
        f"categories = {_toml_list(article.categories)}",
        f"tags = {_toml_list(article.tags)}",
        "[extra]",
        f"lang = {quoted(article.language or '')}",
        f"thumbnail = {quoted(article.image or '')}",
        "+++",
    )
    return "\n".join(lines) + "\n"


LAYOUTS = (
    Layout(name="mainroad", head=mainroad),
    Layout(name="hugo", head=hugo),
    Layout(name="jekyll", head=jekyll),
    Layout(name="zola", head=zola),
)


def front_matter(article: StoredArticle, layout: str) -> str:
    """The head of the article's file in the layout of this name, fences included, ending in one line feed."""
    return next(known for known in LAYOUTS if known.name == layout).head(article)


def _hugo_fields(article: StoredArticle, date: str) -> Fields:
    languages = (article.language,) if article.language else ()
    return (
        ("title", article.title),
        ("date", article.published.strftime(date)),
        *_when_edited(article, "lastmod", date),
        ("summary", markdown_line(article.summary)),  # Hugo renders it, and nothing else of the head
        ("categories", article.categories),
        ("lang", languages),
        ("translations", languages),
        ("tags", article.tags),
    )


def _when_edited(article: StoredArticle, key: str, date: str) -> Iterator[tuple[str, str]]:
    if article.edited:
        yield key, article.edited.strftime(date)


def _yaml(fields: Fields) -> str:
    return f"---\n{_lines(fields)}---\n"


def _lines(fields: Fields) -> str:
    return "".join([f"{key}:{_yaml_value(value)}\n" for key, value in fields])


def _yaml_value(value: Value) -> str:
    if isinstance(value, bool):
        return " true" if value else " false"
    if isinstance(value, str):
        return f" {quoted(value)}"
    return "".join(f"\n  - {quoted(member)}" for member in value) or " []"


_MAINROAD = _lines(  # the theme's keys that are the same for every article
    (
        ("lead", ""),
        ("comments", False),
        ("authorbox", False),
        ("pager", True),
        ("toc", False),
        ("mathjax", False),
        ("sidebar", "right"),
        ("widgets", ("search", "recent", "taglist")),
    )
)


def _toml_list(members: tuple[str, ...]) -> str:
    return f"[{', '.join(map(quoted, members))}]"
