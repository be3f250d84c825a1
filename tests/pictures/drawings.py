"""Pictures for tests, drawn here."""

from io import BytesIO
from typing import Any

from PIL import Image


def drawing(kind: str = "JPEG", size: tuple[int, int] = (600, 400), mode: str = "RGB", **words: Any) -> bytes:
    """A picture in these bytes' own format: red at the left, blue at the right."""
    image = Image.new(mode, size, "white" if mode == "1" else "red")
    if mode != "1":
        image.paste("blue", (size[0] // 2, 0, *size))
    file = BytesIO()
    image.save(file, kind, **words)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image
