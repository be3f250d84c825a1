"""A PostgreSQL server that the tests of clusters share."""

from tests.whole.conftest import postgresql as postgresql
