"""Files and images of an entry of RSS or Atom: enclosures, Media RSS, iTunes. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from aggregator.model import Enclosure
from aggregator.parse.constructs import integer, part, parts, string, url
from aggregator.parse.raw import Values

_IMAGE_TYPES = {"png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif"}
_JPEG = "image/jpeg"
_EXTENSIONS = re.compile(
    r"\.(?:(?P<image>jpe?g|png|gif|webp|avif)|(?P<audio>mp3|m4a|aac|og[ag]|opus|flac|wav)|(?P<video>mp4|m4v|webm|mov|ogv))$",
    re.IGNORECASE,
)
_DIGITS = 18  # of a size in bytes or pixels
_DURATION = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,6}):)?(\d{1,8})(?:[.,]\d*)?", re.ASCII)


def enclosures(values: Values, base: str) -> tuple[Enclosure, ...]:
    """Return the files of an entry, each URL once: of `enclosure`, `link rel=enclosure` and `media:content`.

    Of `media:content` they are audio, video and, after all others, images.
    """
    linked = [_enclosure(link, base) for link in parts(values, "links") if dict.get(link, "rel") == "enclosure"]
    media = parts(values, "media_content")
    played = [_enclosure(file, base) for file in media if _medium(file) in ("audio", "video")]
    images = [_image_file(file, base) for file in _renditions(media)]
    files: dict[str, Enclosure] = {}
    for file in (*linked, *played, *images):
        if file:
            files[file.url] = _merged(files.get(file.url, file), file)
    if length := seconds(string(values, "itunes_duration")):
        return tuple(
            file if is_image(file) or file.duration else replace(file, duration=length) for file in files.values()
        )
    return tuple(files.values())


def image(values: Values, base: str, files: Iterable[Enclosure]) -> str | None:
    """Return the URL of the most representative picture of an entry with the enclosures `files`, None without one."""
    return next(_images(values, base, files), None)


def seconds(text: str | None) -> int | None:
    """Return the duration that `text` says in seconds, in minutes and seconds, or in hours, minutes and seconds."""
    match = _DURATION.fullmatch(text) if text else None
    if not match:
        return None
    hours, minutes, remainder = (int(digits or 0) for digits in match.groups())
    return 3600 * hours + 60 * minutes + remainder or None


def is_image(file: Enclosure) -> bool:
    """Return whether the media type of `file` is that of an image."""
    return (file.type or "").startswith("image/")


def _enclosure(file: Values, base: str) -> Enclosure | None:
    href = url(file, "href", "url", base=base)
    if not href:
        return None
    media_type = string(file, "type")
    return Enclosure(
        url=href,
        type=None if media_type == "text/html" else media_type,  # feedparser's guess for a link without a type
        length=integer(string(file, "length", "filesize"), _DIGITS),
        title=string(file, "title", "media_title"),
        duration=seconds(string(file, "duration")),
        credit=string(file, "media_credit"),
    )


def _image_file(file: Values, base: str) -> Enclosure | None:
    """Return a picture of `media:content`, whose description is its alternative text, with a media type."""
    enclosure = _enclosure(file, base)
    if not enclosure:
        return None
    extension = enclosure.url.partition("?")[0].rpartition(".")[2].lower()
    media_type = enclosure.type or _IMAGE_TYPES.get(extension, _JPEG)
    text = string(file, "media_description") or enclosure.title
    return replace(enclosure, type=media_type, title=text, duration=None)


def _renditions(media: list[Values]) -> list[Values]:
    """Return the pictures of `media:content`; of one picture in several widths, told by its query, the widest."""
    widest: dict[tuple[str | None, bool], Values] = {}
    for position, file in enumerate(media):
        if _medium(file) != "image":
            continue
        address, width = string(file, "url") or "", _width(file)
        key = (address.partition("?")[0], True) if width else (str(position), False)
        if key not in widest or width > _width(widest[key]):
            widest[key] = file
    return list(widest.values())


def _merged(file: Enclosure, repeated: Enclosure) -> Enclosure:
    """Return what two elements say of one file; what the first says counts."""
    if file is repeated:
        return file
    return Enclosure(
        url=file.url,
        type=file.type or repeated.type,
        length=file.length or repeated.length,
        title=file.title or repeated.title,
        duration=file.duration or repeated.duration,
        credit=file.credit or repeated.credit,
    )


def _images(values: Values, base: str, files: Iterable[Enclosure]) -> Iterator[str]:
    """Yield the URLs of the entry's pictures, the most representative first."""
    pictures = [media for media in parts(values, "media_content") if _medium(media) == "image"]
    for candidates in (parts(values, "media_thumbnail"), pictures):
        for candidate in sorted(candidates, key=lambda picture: -_width(picture)):
            if href := url(candidate, "url", base=base):
                yield href
    if href := url(part(values, "image"), "href", base=base):
        yield href
    yield from (file.url for file in files if is_image(file))


def _width(picture: Values) -> int:
    return integer(string(picture, "width"), _DIGITS) or 0


def _medium(media: Values) -> str | None:
    """Return audio, video, image, ... as declared, else by the media type, else by the file's extension."""
    declared = string(media, "medium") or (string(media, "type") or "").partition("/")[0]
    if declared:
        return declared
    extension = _EXTENSIONS.search((string(media, "url") or "").partition("?")[0])
    return extension.lastgroup if extension else None
