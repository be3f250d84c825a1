"""Pictures written anew: what they are, not what they say they are, and their pixels alone."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps

from aggregator import scaling
from aggregator.model import PictureSize
from aggregator.scaling import MAX_PIXELS, PAGE_WIDTH, THUMBNAIL, scaled
from tests.cases import for_each
from tests.pictures.drawings import drawing, opened


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_each_format_of_the_web_is_written_as_one_that_every_browser_shows(kind: str) -> None:
    picture = scaled(drawing(kind), "page")
    assert picture
    image = opened(picture.data)
    assert picture.media_type == ("image/jpeg" if kind == "JPEG" else "image/webp")
    assert image.format == ("JPEG" if kind == "JPEG" else "WEBP")
    assert image.size == (picture.width, picture.height) == (600, 400)
    red, blue = (image.convert("RGB").getpixel((x, 200)) for x in (50, 550))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 200 > 60 > red[2]
    assert blue[2] > 200 > 60 > blue[0]


@pytest.mark.parametrize("options", [{}, {"transparency": 60_000}])
@pytest.mark.parametrize("size", ["page", "thumbnail"])
def test_grey_of_sixteen_bits_is_the_grey_of_eight(size: PictureSize, options: dict[str, Any]) -> None:
    file = BytesIO()
    Image.new("I;16", (60, 40), 32_768).save(file, "PNG", **options)
    picture = scaled(file.getvalue(), size)
    assert picture
    grey = opened(picture.data).convert("L").getpixel((30, 20))
    assert isinstance(grey, float | int)
    assert 120 < grey < 136


def test_what_is_wider_than_a_page_is_scaled_down_and_what_is_small_stays() -> None:
    wide, small = scaled(drawing(size=(3000, 1500)), "page"), scaled(drawing(size=(90, 60)), "page")
    assert wide
    assert small
    assert (wide.width, wide.height) == (PAGE_WIDTH, PAGE_WIDTH // 2)
    assert (small.width, small.height) == (90, 60)


@pytest.mark.parametrize(
    ("size", "expected"), [((3000, 1500), THUMBNAIL), ((300, 2000), THUMBNAIL), ((90, 200), (90, 60)), ((1, 1), (1, 1))]
)
def test_thumbnails_have_one_shape_and_are_never_larger_than_the_picture(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    picture = scaled(drawing(size=size), "thumbnail")
    assert picture
    assert (picture.width, picture.height) == opened(picture.data).size == expected


def test_only_the_pixels_are_passed_on() -> None:
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"  # a place
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    words: dict[str, Any] = {"exif": exif, "icc_profile": profile, "xmp": b"<x:xmpmeta>SecretPlace</x:xmpmeta>"}
    comment: dict[str, Any] = {"comment": b"SecretComment"}
    for kind, more in (("JPEG", comment), ("WEBP", {}), ("PNG", {})):
        source = drawing(kind, **words, **more) + b"SecretSecond"
        assert b"Secret" in source
        picture = scaled(source, "page")
        assert picture
        assert b"Secret" not in picture.data
        image = opened(picture.data)
        assert not image.getexif()
        assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info), kind


def test_a_picture_that_was_taken_upright_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    source = drawing(size=(200, 100), exif=exif)
    picture = scaled(source, "page")
    assert picture
    assert opened(picture.data).size == ImageOps.exif_transpose(opened(source)).size == (100, 200)


def test_what_is_transparent_stays_so_and_print_colours_become_those_of_screens() -> None:
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    file = BytesIO()
    image.save(file, "PNG")
    clear, printed = scaled(file.getvalue(), "page"), scaled(drawing(mode="CMYK"), "page")
    assert clear
    assert printed
    assert opened(clear.data).mode == "RGBA"
    assert opened(printed.data).mode == "RGB"


def test_more_than_forty_megapixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PIXELS == 40_000_000
    monkeypatch.setattr(scaling, "MAX_PIXELS", 600 * 400)
    assert scaled(drawing("PNG"), "thumbnail")
    monkeypatch.setattr(scaling, "MAX_PIXELS", 600 * 400 - 1)
    assert scaled(drawing("PNG"), "thumbnail") is None


@for_each(
    "body",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        b"\xff\xd8\xff\xe0 no JPEG",
        drawing("PNG")[:60],
        drawing("JPEG")[:300],
        drawing("TIFF"),  # Pillow reads it, browsers do not
        drawing("BMP"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
def test_whatever_else_it_may_be_is_no_picture(body: bytes) -> None:
    assert scaled(body, "page") is None
    assert scaled(body, "thumbnail") is None
