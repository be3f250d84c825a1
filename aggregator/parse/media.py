"""Files and images of an entry of RSS or Atom: enclosures, Media RSS, iTunes. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from aggregator.model import Enclosure, Rendition
from aggregator.parse.constructs import integer, part, parts, string, unique, url
from aggregator.parse.raw import Values

_IMAGE_TYPES = {"png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif"}
_JPEG = "image/jpeg"
_PLAYED_TYPES = {"audio": "audio/mpeg", "video": "video/mp4"}  # where neither a type nor the address says more
_EXTENSIONS = re.compile(
    r"\.(?:(?P<image>jpe?g|png|gif|webp|avif)|(?P<audio>mp3|m4a|aac|og[ag]|opus|flac|wav)|(?P<video>mp4|m4v|webm|mov|ogv))$",
    re.IGNORECASE,
)
MAX_RENDITIONS = 20  # of a picture
_DIGITS = 18  # of a size in bytes or pixels
_DURATION = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,6}):)?(\d{1,8})(?:[.,]\d*)?", re.ASCII)

MediaTexts = Mapping[int, dict[str, str]]  # as in `raw.RawEntry`


def enclosures(values: Values, base: str, texts: MediaTexts) -> tuple[Enclosure, ...]:
    """Return the files of an entry, each URL once: of `enclosure`, `link rel=enclosure` and `media:content`.

    Of `media:content` they are audio, video and, after all others, images. What the elements inside it do not say,
    those of its group or of the entry do (Media RSS, "Optional elements"): `texts` has these by the group's number.
    """
    linked = [_enclosure(link, base) for link in parts(values, "links") if dict.get(link, "rel") == "enclosure"]
    media = parts(values, "media_content")
    played = [_played_file(file, base, texts) for file in media if _medium(file) in _PLAYED_TYPES]
    images = [_image_file(pictures, base, texts) for pictures in _pictures(media)]
    files: dict[str, Enclosure] = {}
    for file in (*linked, *played, *images):
        if file:
            files[file.url] = _merged(files.get(file.url, file), file)
    if length := seconds(string(values, "itunes_duration")):
        return tuple(
            file if file.is_image or file.duration else replace(file, duration=length) for file in files.values()
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


def _enclosure(file: Values, base: str) -> Enclosure | None:
    href = url(file, "href", "url", base=base)
    if not href:
        return None
    media_type = string(file, "type")
    return Enclosure(
        url=href,
        type=None if media_type == "text/html" else media_type,  # feedparser's guess for a link without a type
        length=integer(string(file, "length", "filesize"), _DIGITS),
        title=string(file, "title", "media_title", "media_description"),
        duration=seconds(string(file, "duration")),
        credit=string(file, "media_credit"),
    )


def _played_file(media: Values, base: str, texts: MediaTexts) -> Enclosure | None:
    """Return a file of `media:content` with the type of its medium, if it is not to be known otherwise."""
    file = _enclosure(media, base)
    if not file:
        return None
    if not file.type and not _EXTENSIONS.search(file.url.partition("?")[0]):
        file = replace(file, type=_PLAYED_TYPES[_medium(media) or ""])
    beside = _texts_beside(media, texts)
    return replace(
        file,
        title=file.title or string(beside, "media_title"),
        credit=file.credit or string(beside, "media_credit"),
    )


def _texts_beside(file: Values, texts: MediaTexts) -> dict[str, str]:
    """Return the texts of the entry and, before them, of the group that a `media:content` stands in."""
    group = int(string(file, "media_group") or 0)
    return {**texts.get(0, {}), **texts.get(group, {})}


def _image_file(pictures: list[Values], base: str, texts: MediaTexts) -> Enclosure | None:
    """Return a picture of `media:content` in its sizes, the best first, with a media type.

    Its alternative text is the description of one of them, else the title.
    """
    files = [(file, picture) for picture in pictures if (file := _enclosure(picture, base))]
    if not files:
        return None
    best = files[0][0]
    captions = [string(picture, "media_description", "media_title", "title") for _, picture in files]
    beside = _texts_beside(files[0][1], texts)
    renditions = unique(_rendition(file, picture) for file, picture in files[:MAX_RENDITIONS])
    return replace(
        best,
        type=_image_type(best),
        title=next(filter(None, captions), None) or string(beside, "media_description", "media_title"),
        duration=None,
        credit=next((file.credit for file, _ in files if file.credit), None) or string(beside, "media_credit"),
        renditions=renditions if len(renditions) > 1 else (),
    )


def _rendition(file: Enclosure, picture: Values) -> Rendition:
    width, height = (integer(string(picture, name), _DIGITS) for name in ("width", "height"))
    return Rendition(url=file.url, type=_image_type(file), width=width, height=height, length=file.length)


def _image_type(file: Enclosure) -> str:
    extension = file.url.partition("?")[0].rpartition(".")[2].lower()
    return file.type or _IMAGE_TYPES.get(extension, _JPEG)


def _pictures(media: list[Values]) -> list[list[Values]]:
    """Return the pictures of `media:content`, each in its sizes, the widest first, of equal ones the default.

    A picture in several sizes is a media:group of pictures without different texts, or has the same address but for its
    query.
    """
    images = [file for file in media if _medium(file) == "image"]
    texts: dict[str | None, set[str]] = defaultdict(set)
    for file in images:
        texts[string(file, "media_group")] |= {text for text in (_text(file),) if text}
    pictures: dict[tuple[object, ...], list[Values]] = defaultdict(list)
    for position, file in enumerate(images):
        group, address = string(file, "media_group"), (string(file, "url") or "").partition("?")[0]
        key: tuple[object, ...] = (address, "") if _width(file) else (position,)
        if group:
            key = (group, _text(file)) if len(texts[group]) > 1 else (group,)
        pictures[key].append(file)
    return [sorted(files, key=_rank) for files in pictures.values()]


def _text(file: Values) -> str | None:
    return string(file, "media_description", "media_title")


def _rank(picture: Values) -> tuple[int, bool]:
    return -_width(picture), string(picture, "isdefault") != "true"


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
        renditions=file.renditions or repeated.renditions,
    )


def _images(values: Values, base: str, files: Iterable[Enclosure]) -> Iterator[str]:
    """Yield the URLs of the entry's pictures, the most representative first."""
    pictures = [sizes[0] for sizes in _pictures(parts(values, "media_content"))]
    for candidates in (parts(values, "media_thumbnail"), pictures):
        for candidate in sorted(candidates, key=lambda picture: -_width(picture)):
            if href := url(candidate, "url", base=base):
                yield href
    if href := url(part(values, "image"), "href", base=base):
        yield href
    yield from (file.url for file in files if file.is_image)


def _width(picture: Values) -> int:
    return integer(string(picture, "width"), _DIGITS) or 0


def _medium(media: Values) -> str | None:
    """Return audio, video, image, ... as declared, else by the media type, else by the file's extension."""
    declared = string(media, "medium") or (string(media, "type") or "").partition("/")[0]
    if declared:
        return declared
    extension = _EXTENSIONS.search((string(media, "url") or "").partition("?")[0])
    return extension.lastgroup if extension else None
