"""Writes the files that a new installation begins with: `feeds.yaml`, and a Hugo site. Edge.

Nothing that exists is overwritten.
"""

from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path

from aggregator import files
from aggregator.errors import AggregatorError
from aggregator.model import OutputFile

FEEDS = "feeds.yaml"

_ARTICLES = """\
# articles:
#   path: articles                          # folder, relative to storage; a site generator's content folder, say
#   front_matter: mainroad                  # or hugo, jekyll, zola

"""


def write_feeds_file(folder: Path) -> Path:
    """Write a `feeds.yaml` with comments and an example source into `folder`, and return its path.

    Raises AggregatorError if there is one already, FilesError if it cannot be written.
    """
    _write_new(folder, {FEEDS: _template(FEEDS).replace("@ARTICLES@\n", _ARTICLES)})
    return folder / FEEDS


def _write_new(folder: Path, texts: Mapping[str, str]) -> None:
    """Write these files, by path, if none of them exists."""
    if existing := [path for path in texts if (folder / path).exists()]:
        raise AggregatorError(f"{folder / existing[0]} exists already; move it away, or name another folder")
    files.make_folder(folder)
    files.write(folder, [OutputFile(path=path, data=text.encode()) for path, text in texts.items()])


def _template(name: str) -> str:
    return resources(__package__).joinpath("templates", name).read_text(encoding="utf-8")
