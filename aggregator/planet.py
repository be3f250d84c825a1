"""Subscriptions of a Planet (Venus, Pluto): its configuration, an INI file with sections of feeds. Pure."""

import re
from collections.abc import Iterator
from configparser import Error, RawConfigParser

from aggregator.errors import AggregatorError
from aggregator.opml import OpmlOutline, web_url

_OWN_SECTIONS = frozenset({"planet", "default"})  # settings of the planet itself
_READING_LISTS = frozenset({"opml", "foaf", "csv", "config"})  # values of Venus's `content_type`


def planet_subscriptions(text: str) -> tuple[OpmlOutline, ...]:
    """Return the subscriptions of a Planet configuration, in its order.

    Planet and Venus name a section by the feed's URL, Pluto gives it as `feed`. A reading list of Venus
    is an outline that says so; templates and filters are passed over. Raises AggregatorError for text that is no INI
    file.
    """
    parser = RawConfigParser(strict=False, allow_no_value=True, inline_comment_prefixes=(";",))
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except Error as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", ())), (None,))[0]
        place = f"line {line}" if line else "it"
        raise AggregatorError(f"{place} is not in the form of an INI file ([section], then `name = value`)") from None
    return tuple(_outlines(parser))


def _outlines(parser: RawConfigParser) -> Iterator[OpmlOutline]:
    for section in parser.sections():
        options = {name: " ".join((value or "").split()) for name, value in parser.items(section)}
        url = options.get("feed") or web_url(section)
        if options.get("content_type") in _READING_LISTS:
            yield OpmlOutline(
                url="", text=section, skip_reason="it is a reading list; if that is OPML, import it by itself"
            )
            continue
        if section.lower() in _OWN_SECTIONS or not re.match(r"https?:", url, re.IGNORECASE):
            continue
        category = options.get("category")
        yield OpmlOutline(
            url=url,
            text=options.get("name") or options.get("title") or "",
            folders=(category,) if category else (),
            language=options.get("language") or options.get("lang") or None,
        )
