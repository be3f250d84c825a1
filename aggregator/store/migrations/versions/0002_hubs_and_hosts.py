"""WebSub's subscriptions and topics; which process works on which host."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("source", sa.Column("claimed_by", sa.String(length=32)))
    op.add_column("source", sa.Column("host", sa.Text()))
    op.add_column("source", sa.Column("pushed_until", sa.BigInteger()))
    op.create_index("ix_source_leased", "source", ["host"], **_where("lease_until IS NOT NULL"))
    op.create_index("ix_source_host", "source", ["host"])
    op.create_table(
        "subscription",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("secret", sa.String(length=43), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text()),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("source_id", name="pk_subscription"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_subscription_source_id"),
        sa.UniqueConstraint("token", name="uq_subscription_token"),
    )
    op.create_index("ix_subscription_due", "subscription", ["due"])
    op.create_table(
        "topic",
        sa.Column("path", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_topic"),
    )
    op.create_index("ix_topic_due", "topic", ["due"], **_where("due IS NOT NULL"))
