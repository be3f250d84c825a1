"""Translation of articles by a LibreTranslate-compatible server. Pure.

messages  the body of a request, and the text in a response
text      the article in the other language: clean, with the links and code of the original
"""

from aggregator.translation.messages import MessageError, request_body, text_digest, translated_text
from aggregator.translation.text import article_text, texts_of

__all__ = ["MessageError", "article_text", "request_body", "text_digest", "texts_of", "translated_text"]
