"""Full text of an article, from its page. Pure.

    robots      may the page be asked for, and its text be used
    extraction  the text of a page, and the canonical link that it names

`answer` does all of it in one call for the sandbox: pages and robots.txt come from strangers. The libraries are loaded
with the first question, since most processes ask none.
"""

from aggregator.full_text.extraction import page_text
from aggregator.full_text.robots import may_request
from aggregator.model import PageQuestion, PageText, RobotsQuestion

__all__ = ["answer"]


def answer(question: PageQuestion | RobotsQuestion) -> PageText | bool:
    """Return the text of a page, or whether robots.txt allows a request."""
    return may_request(question) if isinstance(question, RobotsQuestion) else page_text(question)
