"""Limits of time on connections to PostgreSQL, which hold through a pooler too. Edge.

Of a pooler in transaction mode each transaction may get another session, and PgBouncer refuses the parameter `options`
of a start. There the limits are set in each transaction, which costs 0.3 ms; else once for each connection.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, event

IDLE = timedelta(seconds=60)  # within a transaction: a process that was stopped keeps others from what it locked
STATEMENT = timedelta(minutes=10)  # longer than any but a migration takes
# What libpq does when the server's machine is gone, and sends nothing any more; the URL may say something else.
OF_CLIENT: Mapping[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


def limit_time(engine: Engine, lock: timedelta) -> None:
    """Have each transaction wait no longer than `lock` for a lock, IDLE for us and STATEMENT for a statement."""
    limits = {"lock_timeout": lock, "idle_in_transaction_session_timeout": IDLE, "statement_timeout": STATEMENT}
    values = {name: limit // timedelta(milliseconds=1) for name, limit in limits.items()}
    of_session = "; ".join(f"SET {name} = {value}" for name, value in values.items())
    of_transaction = of_session.replace("SET ", "SET LOCAL ")

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        (process,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        record.info["is_pooled"] = process != connection.info.backend_pid
        if record.info["is_pooled"]:
            connection.prepare_threshold = None  # what one session prepared another one does not know, or has too
        else:
            connection.execute(of_session)
        connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.info["is_pooled"]:
            connection.exec_driver_sql(of_transaction)


def client_limits(query: Mapping[str, Any]) -> dict[str, int]:
    """Return the parameters of a connection that the query of its URL does not set."""
    return {name: value for name, value in OF_CLIENT.items() if name not in query}
