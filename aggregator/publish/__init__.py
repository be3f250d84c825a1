"""Changed articles and categories in, files out. Shell.

outbox        the marks of what is to be published, and the lock of the process that publishes
marks         the kinds of marks, each with the function that does its work
rules         what rules do to the marked articles, before anything is written
articles      the files of articles
feeds         the files of categories' feeds, and the list of all feeds
archives      the pages behind these feeds
translations  articles and feeds in other languages
hubs          the notification of our hub
after         the command that runs after articles changed
"""

from aggregator.publish.outbox import (
    Published,
    UnwrittenError,
    foreign_settings,
    publish_all,
    publish_changed,
    publish_subject,
)

__all__ = ["Published", "UnwrittenError", "foreign_settings", "publish_all", "publish_changed", "publish_subject"]
