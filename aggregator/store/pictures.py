"""Images of published articles, and the key that signs their addresses."""

from sqlalchemy import bindparam, select

from aggregator.model import ArticleImages
from aggregator.store.database import Database
from aggregator.store.schema import article, article_text, of_article
from aggregator.store.stored_articles import is_published

_IMAGES = select(article.c.image, article_text.c.html).where(of_article, article.c.id == bindparam("id"), is_published)


class PictureStore:
    """Images of published articles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def images(self, article_id: str) -> ArticleImages | None:
        """Return the images of an article, None if there is no such article or if it is not published any more."""
        with self._database.reading() as connection:
            row = connection.execute(_IMAGES, {"id": article_id}).one_or_none()
        return ArticleImages(image=row.image, html=row.html) if row else None
