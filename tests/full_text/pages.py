"""Pages of articles as sites publish them: with navigation, boxes and comments around the text."""

from datetime import UTC, datetime

from aggregator.model import Page, PageQuestion

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

LINK = "https://paper.example/2026/bridge"
TITLE = "The old bridge opens again"
TEASER = "<p>The old bridge opens again on Friday.</p>"

PARAGRAPHS = (
    "The bridge over the river was closed for <b>eleven years</b>, and the town had got used to the "
    '<a href="/ferry">ferry</a> that replaced it, said the mayor on Friday morning before a small crowd.',
    "Its arches date from 1768. The engineers found that the piers stood on oak, which the water had kept sound, "
    "so that only the roadway had to be built anew, with the stones of a quarry nearby.",
    "The work cost four million euros, of which the state paid half. A toll of fifty cents was discussed, and "
    "refused by the council, because the bridge belongs to everybody, as one member put it.",
    "From Monday on buses will cross it every ten minutes. The ferry makes its last journey on Sunday evening, "
    "with music, and is then to be moored as a café below the mill.",
)
TEXT = f"""
<figure><img src="/images/bridge.jpg" alt="The bridge"><figcaption>The bridge on Friday.</figcaption></figure>
<p>{PARAGRAPHS[0]}</p>
<p>{PARAGRAPHS[1]}</p>
<h2>Four millions</h2>
<p>{PARAGRAPHS[2]}</p>
<blockquote><p>We waited long enough.</p></blockquote>
<ul><li>Length: 120 metres</li><li>Width: nine metres</li></ul>
<p>{PARAGRAPHS[3]}</p>
"""


def html(text: str = TEXT, head: str = "", aside: str = "") -> str:
    """A page with `text` in the middle, `head` in its head, and `aside` below the text."""
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{TITLE} | The Paper</title>{head}
<script>var tracking = "<p>no text</p>";</script><style>p {{color: red}}</style></head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li><li><a href="/login">Log in</a></li>
</ul></nav></header>
<div class="cookies"><p>We use cookies to improve your experience. <button>Accept</button></p></div>
<main><article><h1>{TITLE}</h1><p class="byline">By <a href="/by/ann">Ann Author</a></p>
<div class="body">{text}</div>{aside}</article>
<aside class="related"><h3>Related</h3><ul><li><a href="/2026/mill">The mill is for sale</a></li></ul></aside>
<section class="comments"><h3>Comments</h3><div class="comment"><p>First!</p></div></section></main>
<footer><p>© 2026 The Paper. All rights reserved.</p><a href="/imprint">Imprint</a></footer></body></html>"""


def question(page: str | bytes, **changes: object) -> PageQuestion:
    """The question for a page; `changes` are fields of the question, or of its page."""
    body = page.encode("utf-8", "surrogatepass") if isinstance(page, str) else page
    of_page = {name: changes.pop(name) for name in ("content_type", "robots_tag", "links", "url") if name in changes}
    fields: dict[str, object] = {
        "title": TITLE,
        "link": LINK,
        "html": TEASER,
        "summary_words": 50,
        "now": NOW,
    } | changes
    asked = Page(**({"url": LINK, "body": body, "content_type": "text/html"} | of_page))  # type: ignore[arg-type]
    return PageQuestion(page=asked, **fields)  # type: ignore[arg-type]
