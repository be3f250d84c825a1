"""Ids of a new article: ours, and the one in published feeds. Pure."""

import re
from hashlib import blake2b

from aggregator import urls
from aggregator.model import Draft

# Ids that validators and readers accept beside URLs: tag: (RFC 4151) and urn: (RFC 8141).
_TAG = re.compile(
    r"tag:(?:[\w.-]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:(?:[\w;/?:@&=+$.\-!~*'(),]|%[0-9a-f]{2})*", re.A | re.I
)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_URN = re.compile(r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:(?:[\w()+,\-.:=@;$!*'/?]|%[0-9a-f]{2})+", re.A | re.I)


def article_id(draft: Draft, text: str, date: str | None) -> str:
    """Return our id of an article, 32 hexadecimal digits, derived from the strongest key it has within its source.

    `text` is the plain text of the body and `date` the publication date as written; both count only if the entry has
    neither guid nor link of its own.
    """
    if draft.guid_key:
        name = f"guid\0{draft.guid_key}"
    elif draft.link_key:
        name = f"link\0{draft.link_key}"
    else:
        name = f"text\0{draft.title}\0{date}\0{text}"
    return blake2b(f"{draft.source_id}\0{name}".encode(errors="surrogatepass"), digest_size=16).hexdigest()


def public_id(draft: Draft, article_id: str) -> str:
    """Return the id in published feeds: the guid if it identifies one article and is a URL, tag: or urn:, else ours."""
    if draft.guid_key and _is_public(draft.guid_key):
        return draft.guid_key
    return f"urn:uuid:{article_id[:8]}-{article_id[8:12]}-{article_id[12:16]}-{article_id[16:20]}-{article_id[20:]}"


def _is_public(guid: str) -> bool:
    if guid.startswith("http") and urls.absolute(guid) == guid:
        return not urls.has_unusual_ipv4(guid) and urls.without_credentials(guid) == guid
    return any(pattern.fullmatch(guid) for pattern in (_TAG, _UUID, _URN))
