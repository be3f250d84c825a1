"""Pictures on disk, the least recently used of which go first. Edge.

    storage/pictures/<article id>/<signature>-<width>x<height>.jpg

A folder of its own for each article, so that what is pruned goes at once; the size in the name, so that a page
can leave room for a picture without opening its file. All of it can be deleted at any time.
"""

import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aggregator import files
from aggregator.app import App
from aggregator.model import OutputFile, ScaledPicture

RECOUNT = 3600  # seconds after which the files are counted anew: other processes write and remove some
LOW_WATER = 0.9  # share of the limit that stays when the oldest go: else each new picture would look at all files
_SUFFIXES = {"image/jpeg": "jpg", "image/webp": "webp"}
_MEDIA_TYPES = {suffix: media_type for media_type, suffix in _SUFFIXES.items()}
_FILE = re.compile(r"([0-9a-f]{32})-(\d+)x(\d+)\.(jpg|webp)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPicture:
    """A picture as it is served."""

    data: bytes
    media_type: str


class PictureCache:
    """The folder with at most about `limit` bytes of pictures. Methods block; instances may be shared by threads."""

    def __init__(self, root: Path, limit: int) -> None:
        self._root, self._limit = root, limit
        self._lock = threading.Lock()
        self._size: int | None = None  # of all files; None: not counted yet
        self._counted = 0.0  # when, by the monotonic clock

    def size(self) -> int:
        """Return the bytes of all pictures here: those counted within the last hour, and what was written since."""
        with self._lock:
            if self._size is None or time.monotonic() - self._counted > RECOUNT:
                self._size, self._counted = sum(size for _, size, _ in self._files()), time.monotonic()
            return self._size

    def sizes(self, article_id: str) -> Mapping[str, tuple[int, int]]:
        """Return width and height of each picture of an article that is here, by its name."""
        return {name: (width, height) for name, _, (width, height) in self._pictures(article_id)}

    def read(self, name: str) -> CachedPicture | None:
        """Return the picture with this name, None if it is not here; it is the most recently used from now on."""
        for present, path, _ in self._pictures(name.partition("-")[0]):
            if present == name:
                with suppress(OSError):  # removed meanwhile
                    data = path.read_bytes()
                    os.utime(path)
                    return CachedPicture(data=data, media_type=_MEDIA_TYPES[path.suffix[1:]])
        return None

    def write(self, name: str, picture: ScaledPicture) -> None:
        """Keep a picture, and remove the least recently used ones if they are too many bytes. Raises FilesError."""
        article_id, _, signature = name.partition("-")
        suffix = _SUFFIXES[picture.media_type]
        path = f"{article_id}/{signature}-{picture.width}x{picture.height}.{suffix}"
        with self._lock:
            files.write(self._root, (OutputFile(path=path, data=picture.data),))
            if self._size is not None:
                self._size += len(picture.data)
            if self._size is None or self._size > self._limit:
                self._size = self._remove_oldest()

    def remove(self, article_ids: Iterable[str]) -> None:
        """Remove all pictures of these articles. Raises FilesError."""
        for article_id in article_ids:
            paths = [path.relative_to(self._root).as_posix() for path in _entries(self._root / article_id)]
            files.remove(self._root, paths)

    def _pictures(self, article_id: str) -> Iterator[tuple[str, Path, tuple[int, int]]]:
        """Yield the name, the path and the size of each picture of an article."""
        for path in _entries(self._root / article_id):
            if parts := _FILE.fullmatch(path.name):
                yield f"{article_id}-{parts[1]}", path, (int(parts[2]), int(parts[3]))

    def _remove_oldest(self) -> int:
        """Remove the least recently used files if all are too many bytes; return the bytes that stay.

        Other processes may write here too, so the files are looked at instead of remembered.
        """
        present = self._files()
        self._counted = time.monotonic()
        size = sum(length for _, length, _ in present)
        if size <= self._limit:
            return size
        outdated: list[str] = []
        for _, length, path in sorted(present):
            if size <= LOW_WATER * self._limit:
                break
            size -= length
            outdated.append(path)
        files.remove(self._root, outdated)
        return size

    def _files(self) -> list[tuple[float, int, str]]:
        """Return the time of last use, the size and the path of each file."""
        present: list[tuple[float, int, str]] = []
        for path in files.listed(self._root):
            with suppress(OSError):  # removed meanwhile
                status = (self._root / path).stat()
                present.append((status.st_mtime, status.st_size, path))
        return present


def cache_of(app: App) -> PictureCache:
    """Return the cache in the storage folder of the app."""
    return PictureCache(app.pictures_root, app.settings.pages.picture_cache)


def _entries(folder: Path) -> list[Path]:
    """Return the files in a folder, none if it does not exist or cannot be read: a page is shown without its cache."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
