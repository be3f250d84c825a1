"""Messages to and from a LibreTranslate-compatible server (`POST /translate`). Pure."""

import json
from hashlib import blake2b

AUTO = "auto"  # the server detects the language
_MAX_LENGTH, _MAX_RATIO = 1_000, 10  # of a translation: so many characters, and so many times those of its text


class MessageError(ValueError):
    """A response that is none of this protocol; the message says why."""


def request_body(text: str, source: str | None, target: str, key: str | None) -> bytes:
    """Return the body that asks for `text`, which is HTML, in the language `target`."""
    fields = {"q": text, "source": source or AUTO, "target": target, "format": "html"}
    return json.dumps(fields | ({"api_key": key} if key else {})).encode()


def translated_text(body: bytes, original: str) -> str:
    """Return the translation of the text `original` in the body of a response. Raises MessageError."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise MessageError("the response is not JSON") from None
    text = answer.get("translatedText") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise MessageError("the response has no `translatedText` that is a text")
    if len(text) > _MAX_LENGTH + _MAX_RATIO * len(original):
        raise MessageError(f"the translation is more than {_MAX_RATIO} times as long as its text")
    return text


def text_digest(text: str, source: str | None, target: str) -> bytes:
    """Return the digest under which the translation of a text is remembered."""
    message = "\0".join((source or AUTO, target, text)).encode("utf-8", "surrogatepass")
    return blake2b(message, digest_size=16, person=b"translation").digest()
