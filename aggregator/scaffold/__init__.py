"""Writes the files that a new installation begins with: `feeds.yaml`, and a Hugo site. Edge.

Nothing that exists is overwritten.
"""

import json
import os
from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path

from aggregator import files
from aggregator.errors import AggregatorError, FilesError
from aggregator.model import OutputFile

FEEDS = "feeds.yaml"
THEME = "mainroad"  # folder below themes/
HUGO_FILES = (
    "hugo.toml",
    "layouts/post/single.html",
    "layouts/_partials/post_meta/author.html",
    "layouts/_partials/post_meta/categories.html",
    "layouts/_partials/widgets/recent.html",
    ".gitignore",
)

_MODULE = Path("themes", "github.com", "Vimux", "Mainroad")  # where Hugo looks for the module without Go
_ARTICLES = """\
# articles:
#   path: articles                          # folder, relative to storage; a site generator's content folder, say
#   front_matter: mainroad                  # or hugo, jekyll, zola

"""
_ARTICLES_OF_HUGO = """\
articles:
  path: {path}
  front_matter: mainroad
  keys: [author, canonical, audio]          # the site's pages link to the article at its source
  # after: [hugo, --source, {site}]         # builds the site when articles changed

"""


def write_feeds_file(folder: Path) -> Path:
    """Write a `feeds.yaml` with comments and an example source into `folder`, and return its path.

    Raises AggregatorError if there is one already, FilesError if it cannot be written.
    """
    return _write_feeds_file(folder, _ARTICLES)


def write_hugo_site(folder: Path, site: Path) -> Path:
    """Write a Hugo site, and into `folder` a `feeds.yaml` whose articles it shows; return the path of that.

    Raises AggregatorError if there is one already or the site's folder is not empty, FilesError if a file cannot be
    written.
    """
    if (folder / FEEDS).exists():
        raise _exists(folder / FEEDS)
    if site.is_dir() and {path.name for path in site.iterdir()} - {"themes", ".git"}:
        raise AggregatorError(f"{site} is not empty; name a new folder for the site")
    _write_new(site, {name: _template(f"hugo/{name.lstrip('.')}") for name in HUGO_FILES})
    _link_theme(site)
    content, storage = site / "content" / "post", folder / "storage"
    articles = _ARTICLES_OF_HUGO.format(path=_quoted_path(content, storage), site=_quoted_path(site, folder))
    return _write_feeds_file(folder, articles)


def _write_feeds_file(folder: Path, articles: str) -> Path:
    _write_new(folder, {FEEDS: _template(FEEDS).replace("@ARTICLES@\n", articles)})
    return folder / FEEDS


def _write_new(folder: Path, texts: Mapping[str, str]) -> None:
    """Write these files, by path, if none of them exists."""
    if existing := [folder / path for path in texts if (folder / path).exists()]:
        raise _exists(existing[0])
    files.make_folder(folder)
    files.write(folder, [OutputFile(path=path, data=text.encode()) for path, text in texts.items()])


def _link_theme(site: Path) -> None:
    """Have the folder themes/mainroad take the place of the module."""
    link = site / _MODULE
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() and not link.exists():
            link.symlink_to(Path("..", "..", THEME), target_is_directory=True)
    except OSError as error:
        raise FilesError(f"cannot create the link {link}: {(error.strerror or str(error)).lower()}") from error


def _quoted_path(path: Path, start: Path) -> str:
    """Return `path` relative to `start`, as YAML."""
    return json.dumps(os.path.relpath(path, start), ensure_ascii=False)


def _exists(path: Path) -> AggregatorError:
    return AggregatorError(f"{path} exists already; move it away, or name another folder")


def _template(name: str) -> str:
    return resources(__package__).joinpath("templates", name).read_text(encoding="utf-8")
