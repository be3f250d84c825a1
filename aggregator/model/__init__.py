"""Types that cross module boundaries, in the order of the flow. Pure.

    Source, SourceState --fetch--> FeedDocument --parse--> Feed of Entry --normalise--> Draft
    Draft --rules--> Ruling
    Draft --dedupe--> Keyed, Decision --store--> StoredArticle --publish--> CategoryFeed --render--> OutputFile

One module per step: `source`, `document`, `feed`, `details`, `article`, `ruling`, `decision`, `page`, `translation`,
`output`. All types are frozen values: sequences are tuples, times are `datetime` in UTC with whole seconds, durations
are `timedelta`, sizes are bytes. A "digest" is always `blake2b`. HTML is text as published until `normalise` has
cleaned it.
"""

from aggregator.model.article import (
    ClusterMember,
    Credit,
    Draft,
    ListedArticle,
    Listing,
    Revision,
    RevisionHead,
    StoredArticle,
)
from aggregator.model.decision import (
    Carrier,
    Decision,
    Departure,
    Duplicate,
    Fingerprint,
    Key,
    Keyed,
    KnownArticle,
    New,
    RecordCounts,
    Unchanged,
    Updated,
)
from aggregator.model.details import (
    NO_DETAILS,
    Chapters,
    Details,
    EpisodeType,
    Origin,
    Participant,
    Podcast,
    PodcastCategory,
    Soundbite,
    Transcript,
)
from aggregator.model.document import Failure, FeedDocument, Freshness, Link, NotModified, Push, Stage
from aggregator.model.feed import Enclosure, Entry, Feed, Person, Term, TextConstruct
from aggregator.model.output import CategoryFeed, Mark, OutputFile, Topic
from aggregator.model.page import ClaimedPage, DuePage, Page, PageQuestion, PageText, RobotsQuestion
from aggregator.model.ruling import AppliedRule, ArticleRuling, EntrySource, PublishedText, Ruling, StoredEntry
from aggregator.model.source import (
    FeedInfo,
    HostState,
    HubTopic,
    Selection,
    Source,
    SourceContext,
    SourceState,
    StoredSource,
    Subscription,
    Validators,
)
from aggregator.model.translation import AnswerQuestion, ClaimedTranslation, TranslatedText, Translation

__all__ = [
    "NO_DETAILS",
    "AnswerQuestion",
    "AppliedRule",
    "ArticleRuling",
    "Carrier",
    "CategoryFeed",
    "Chapters",
    "ClaimedPage",
    "ClaimedTranslation",
    "ClusterMember",
    "Credit",
    "Decision",
    "Departure",
    "Details",
    "Draft",
    "DuePage",
    "Duplicate",
    "Enclosure",
    "Entry",
    "EntrySource",
    "EpisodeType",
    "Failure",
    "Feed",
    "FeedDocument",
    "FeedInfo",
    "Fingerprint",
    "Freshness",
    "HostState",
    "HubTopic",
    "Key",
    "Keyed",
    "KnownArticle",
    "Link",
    "ListedArticle",
    "Listing",
    "Mark",
    "New",
    "NotModified",
    "Origin",
    "OutputFile",
    "Page",
    "PageQuestion",
    "PageText",
    "Participant",
    "Person",
    "Podcast",
    "PodcastCategory",
    "PublishedText",
    "Push",
    "RecordCounts",
    "Revision",
    "RevisionHead",
    "RobotsQuestion",
    "Ruling",
    "Selection",
    "Soundbite",
    "Source",
    "SourceContext",
    "SourceState",
    "Stage",
    "StoredArticle",
    "StoredEntry",
    "StoredSource",
    "Subscription",
    "Term",
    "TextConstruct",
    "Topic",
    "Transcript",
    "TranslatedText",
    "Translation",
    "Unchanged",
    "Updated",
    "Validators",
]
