"""An entry while rules run on it. Pure."""

from datetime import timedelta
from functools import cached_property

from aggregator.model import Draft, PublishedText, TextConstruct
from aggregator.normalise.body import preferred_content
from aggregator.normalise.text import summary, word_count
from aggregator.normalise.titles import plain_title, substitute_title
from aggregator.rules.replacements import plain_text


class JudgedEntry:
    """An entry of the source with this name, as the rules so far have left it."""

    def __init__(self, draft: Draft, source: str) -> None:
        self.draft, self.source = draft, source
        self.title, self._html = draft.title, draft.html
        self.tags: dict[str, None] = {}  # each once, in their order
        self.categories: dict[str, None] = {}
        self.is_dropped = self.is_decided = False

    @property
    def html(self) -> str:
        """Clean HTML of the body."""
        return self._html

    @html.setter
    def html(self, value: str) -> None:
        self._html = value
        self.__dict__.pop("text", None)

    @cached_property
    def text(self) -> str:
        """Plain text of the body, a line for each block."""
        return plain_text(self._html)

    @property
    def words(self) -> int:
        """Number of words of the body."""
        return word_count(self.text)

    @property
    def age(self) -> timedelta:
        """Time from the publication to first sight, which never changes."""
        return max(self.draft.first_seen - self.draft.published, timedelta(0))

    def replaced_text(self, summary_words: int) -> PublishedText | None:
        """Return title and body as they are to be published, cleaned again, or None if they are the entry's own."""
        draft = self.draft
        if (self.title, self._html) == (draft.title, draft.html):
            return None
        html, markdown, start = draft.html, draft.markdown, draft.summary
        if self._html != draft.html:
            contents = (TextConstruct(value=self._html, kind="html"),)
            html, markdown, text = preferred_content(contents, draft.link, draft.language)
            start = summary(text, summary_words)
        title = plain_title(TextConstruct(value=self.title, kind="plain")) or substitute_title(start, draft.link)
        return PublishedText(title=title, html=html, markdown=markdown, summary=start)
