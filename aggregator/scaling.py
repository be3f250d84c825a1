"""Pictures written anew, no larger than a page needs. Pure.

`scaled` is for the sandbox: pictures come from strangers, and Pillow reads them in C. It is loaded with the first
picture, there alone. What it writes has the pixels and nothing else: no place, no camera, no comment, no second
picture behind.
"""

from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING

from aggregator.model import PictureSize, ScaledPicture

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 40_000_000
PAGE_WIDTH = 1440  # pixels: twice the column of text, for dense screens
MAX_HEIGHT = 16_000  # WebP's own limit is 16,383
THUMBNAIL = (240, 160)  # twice its size in lists
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
QUALITY = 82
_UPPER_MIDDLE = (0.5, 0.4)  # the part of a picture that a thumbnail shows: faces are seldom at the bottom


def scaled(body: bytes, size: PictureSize) -> ScaledPicture | None:
    """Return the picture that `body` is, in that size; None if it is none of FORMATS, damaged or too large.

    Its type is that of its bytes. Of an animation the first frame is shown. A small picture stays small.
    """
    from PIL import Image

    try:
        with Image.open(BytesIO(body), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            is_photo = image.format == "JPEG"
            return _written(_fitted(image, size), as_jpeg=is_photo)
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError):
        return None


def _fitted(image: "Image", size: PictureSize) -> "Image":
    """Return the picture upright, in its size and in the colours of the web."""
    from PIL import Image, ImageOps

    side = PAGE_WIDTH if size == "page" else max(THUMBNAIL)
    image.draft("RGB", (side, side))  # a JPEG is decoded at a fraction of its size
    upright = ImageOps.exif_transpose(image)
    profile = upright.info.get("icc_profile")
    if upright.mode.startswith("I"):  # 16 bits a pixel, which `convert` cuts off at 255
        upright = upright.point(lambda level: level * (1 / 256)).convert("L")
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
    elif upright.mode not in ("RGB", "CMYK"):
        upright = upright.convert("RGB")
    if size == "page":
        upright.thumbnail((PAGE_WIDTH, MAX_HEIGHT), Image.Resampling.LANCZOS, reducing_gap=2.0)
    else:
        ratio = min(1.0, upright.width / THUMBNAIL[0], upright.height / THUMBNAIL[1])
        box = (max(1, round(THUMBNAIL[0] * ratio)), max(1, round(THUMBNAIL[1] * ratio)))
        upright = ImageOps.fit(upright, box, Image.Resampling.LANCZOS, centering=_UPPER_MIDDLE)
    return _in_srgb(upright, profile)


def _in_srgb(image: "Image", profile: bytes | None) -> "Image":
    """Return the picture in the colour space that browsers assume of pictures without a profile."""
    from PIL import ImageCms

    if profile and image.mode in ("RGB", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError):  # a damaged profile is as good as none
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted or image
    return image if image.mode == "RGBA" else image.convert("RGB")


def _written(image: "Image", *, as_jpeg: bool) -> ScaledPicture:
    """Return the picture as the file that a browser gets, without a word of what the source's file said beside it."""
    image.info.clear()
    file = BytesIO()
    if as_jpeg:
        image.save(file, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    else:
        image.save(file, "WEBP", quality=QUALITY)
    return ScaledPicture(
        data=file.getvalue(),
        media_type="image/jpeg" if as_jpeg else "image/webp",
        width=image.width,
        height=image.height,
    )
