"""Pictures of articles as pages show them. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

PictureSize = Literal["page", "thumbnail"]
PICTURE_SIZES: tuple[PictureSize, ...] = ("page", "thumbnail")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledPicture:
    """A picture that we wrote ourselves, no larger than a page needs."""

    data: bytes = field(repr=False)
    media_type: Literal["image/jpeg", "image/webp"]
    width: int  # pixels
    height: int


class ArticleImages(Struct, frozen=True, kw_only=True):
    """Images of a published article: that of the entry, and the HTML with all others."""

    image: str | None
    html: str
