"""Pictures on disk."""

import os
from pathlib import Path

import pytest

from aggregator.errors import FilesError
from aggregator.model import ScaledPicture
from aggregator.pictures.cache import CachedPicture, PictureCache

ONE, TWO = "1" * 32, "2" * 32


def name(article_id: str, number: int) -> str:
    return f"{article_id}-{number:032x}"


def picture(size: int = 100) -> ScaledPicture:
    return ScaledPicture(data=b"x" * size, media_type="image/webp", width=30, height=20)


def aged(root: Path, number: int, seconds: int) -> None:
    """Let a picture have been used at that time."""
    for path in root.rglob(f"{number:032x}-*"):
        os.utime(path, (seconds, seconds))


def test_a_picture_is_found_by_name_with_its_type_and_size(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 1000)
    cache.write(name(ONE, 1), picture())
    assert cache.read(name(ONE, 1)) == CachedPicture(data=b"x" * 100, media_type="image/webp")
    assert cache.read(name(ONE, 2)) is None
    assert cache.read(name(TWO, 1)) is None
    assert cache.sizes(ONE) == {name(ONE, 1): (30, 20)}
    assert cache.sizes(TWO) == {}


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    for number in range(4):
        PictureCache(tmp_path, 1000).write(name(ONE, number), picture(250))
        aged(tmp_path, number, 1_000_000 + number)
    cache = PictureCache(tmp_path, 1000)
    assert cache.read(name(ONE, 0))  # used again
    cache.write(name(TWO, 9), picture(250))
    assert set(cache.sizes(ONE)) == {name(ONE, 0), name(ONE, 3)}
    assert set(cache.sizes(TWO)) == {name(TWO, 9)}


def test_what_others_wrote_counts_too(tmp_path: Path) -> None:
    caches = [PictureCache(tmp_path, 1000) for _ in range(2)]
    for number in range(40):
        caches[number % 2].write(name(ONE, number), picture(90))
    caches[0].write(name(TWO, 1), picture(990))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 1000


def test_a_cache_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_bytes(b"a file in its place")
    cache = PictureCache(tmp_path / "pictures", 1000)
    assert (cache.sizes(ONE), cache.read(name(ONE, 1)), cache.size()) == ({}, None, 0)
    with pytest.raises(FilesError, match="a file is in the place of its folder"):
        cache.write(name(ONE, 1), picture())


def test_the_pictures_of_an_article_go_with_it(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 1000)
    for article_id in (ONE, TWO):
        for number in range(3):
            cache.write(name(article_id, number), picture())
    cache.remove((ONE, "3" * 32))
    assert [path.name for path in tmp_path.iterdir()] == [TWO]
    assert len(cache.sizes(TWO)) == 3
