"""Translation of articles by a LibreTranslate-compatible server. Pure.

libretranslate  the body of a request, and the text in a response
text            the article in the other language: clean, with the links and code of the original
article         a stored article in the other language
"""

from aggregator.translation.article import (
    article_digest,
    in_all_languages,
    in_language,
    original_path,
    translated_path,
    translated_uid,
)
from aggregator.translation.libretranslate import MessageError, request_body, text_digest, translated_text
from aggregator.translation.text import article_text, texts_of

__all__ = [
    "MessageError",
    "article_digest",
    "article_text",
    "in_all_languages",
    "in_language",
    "original_path",
    "request_body",
    "text_digest",
    "texts_of",
    "translated_path",
    "translated_text",
    "translated_uid",
]
