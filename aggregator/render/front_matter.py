"""Front matter of article files, in the layouts of site generators."""

from collections.abc import Callable, Collection, Iterator

from aggregator.commonmark.escape import markdown_line
from aggregator.model import StoredArticle
from aggregator.render.escape import quoted
from aggregator.render.media import image_credit, images, urls_of
from aggregator.timestamps import RFC3339

_Value = str | bool | tuple[str, ...]
_Fields = tuple[tuple[str, _Value], ...]
_TextFields = tuple[tuple[str, str | tuple[str, ...]], ...]


def front_matter(article: StoredArticle, layout: str, keys: Collection[str] = ()) -> str:
    """Return the article's front matter in this layout, with its fences and a line feed at the end.

    `keys` are the values of `articles.keys`; only the layout mainroad lacks them otherwise.
    """
    return LAYOUTS[layout](article, keys)


def mainroad(article: StoredArticle, keys: Collection[str]) -> str:
    """YAML for Hugo with the theme Mainroad: `date` in UTC without a zone, the theme's keys with their defaults."""
    fields = (
        *_hugo_fields(article, date="%Y-%m-%d %H:%M:%S"),
        *(field for field in (_source_fields(article) if keys else ()) if field[0] in keys),
        ("menu", ""),
        ("thumbnail", article.image or ""),
    )
    return f"---\n{_yaml_lines(fields)}{_MAINROAD}---\n"


def hugo(article: StoredArticle, _: Collection[str]) -> str:
    """YAML for Hugo with any theme; dates have an offset, so the site's time zone does not matter."""
    fields = (
        *_hugo_fields(article, date="%Y-%m-%dT%H:%M:%S+00:00"),
        *_source_fields(article),
        ("images", images(article)),
    )
    return f"---\n{_yaml_lines(fields)}---\n"


def jekyll(article: StoredArticle, _: Collection[str]) -> str:
    """YAML for Jekyll 4. Liquid is off in the body, since a source's `{{` or `{%` would stop the build."""
    date = "%Y-%m-%d %H:%M:%S +0000"
    fields: _Fields = (
        ("layout", "post"),
        ("title", article.title),
        ("date", article.published.strftime(date)),
        *_edited(article, "last_modified_at", date),
        ("description", article.summary),
        ("categories", article.categories),
        ("tags", article.tags),
        ("lang", article.language or ""),
        *_source_fields(article),
        ("image", article.image or ""),
        ("images", images(article)),
        ("render_with_liquid", False),
    )
    return f"---\n{_yaml_lines(fields)}---\n"


def zola(article: StoredArticle, _: Collection[str]) -> str:
    """TOML for Zola; the site's configuration defines the taxonomies `categories` and `tags`."""
    date = RFC3339  # unquoted: TOML has dates
    lines = (
        "+++",
        f"title = {quoted(article.title)}",
        f"date = {article.published.strftime(date)}",
        *(f"{key} = {moment}" for key, moment in _edited(article, "updated", date)),
        f"description = {quoted(article.summary)}",
        "[taxonomies]",
        f"categories = {_toml_value(article.categories)}",
        f"tags = {_toml_value(article.tags)}",
        "[extra]",
        f"lang = {quoted(article.language or '')}",
        *(f"{key} = {_toml_value(value)}" for key, value in _source_fields(article)),
        f"thumbnail = {quoted(article.image or '')}",
        f"images = {_toml_value(images(article))}",
        "+++",
    )
    return "\n".join(lines) + "\n"


# The values of `articles.front_matter`.
LAYOUTS: dict[str, Callable[[StoredArticle, Collection[str]], str]] = {
    "mainroad": mainroad,
    "hugo": hugo,
    "jekyll": jekyll,
    "zola": zola,
}


def _hugo_fields(article: StoredArticle, date: str) -> _Fields:
    languages = (article.language,) if article.language else ()
    return (
        ("title", article.title),
        ("date", article.published.strftime(date)),
        *_edited(article, "lastmod", date),
        ("summary", markdown_line(article.summary)),  # the only field that Hugo renders as Markdown
        ("categories", article.categories),
        ("lang", languages),
        ("translations", article.translations or languages),
        ("tags", article.tags),
    )


def _source_fields(article: StoredArticle) -> _TextFields:
    """Return the fields that `articles.keys` can name; `audio` is a list, as Hugo's own templates expect it."""
    return (
        ("author", ", ".join(dict.fromkeys(author.name for author in article.authors if author.name))),
        ("canonical", article.link),
        ("audio", urls_of(article, "audio")),
        ("image_credit", image_credit(article)),
    )


def _edited(article: StoredArticle, key: str, date: str) -> Iterator[tuple[str, str]]:
    if article.edited:
        yield key, article.edited.strftime(date)


def _yaml_lines(fields: _Fields) -> str:
    return "".join([f"{key}:{_yaml_value(value)}\n" for key, value in fields])


def _toml_value(value: str | tuple[str, ...]) -> str:
    return quoted(value) if isinstance(value, str) else f"[{', '.join(map(quoted, value))}]"


def _yaml_value(value: _Value) -> str:
    if isinstance(value, bool):
        return " true" if value else " false"
    if isinstance(value, str):
        return f" {quoted(value)}"
    return "".join(f"\n  - {quoted(member)}" for member in value) or " []"


_MAINROAD = _yaml_lines(  # keys of the theme that are equal for all articles
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
