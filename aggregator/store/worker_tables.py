"""The table of the processes of a cluster: it is only looked at, and keeps none from anything."""

from sqlalchemy import Column, Integer, Table

from aggregator.store.columns import Moment, Words
from aggregator.store.metadata import metadata, required

worker = Table(
    "worker",
    metadata,
    Column("name", Words, primary_key=True),
    required("last_seen", Moment),
    required("leases", Integer),
    required("version", Words),  # of the program
)
