"""The tables of procrastinate, which only PostgreSQL has, and what is done to them in our transactions."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, text

from aggregator.errors import StoreError
from aggregator.model import Job, Task

PUBLISH, REQUESTS = "publish", "requests"  # queues: work that takes long must not keep files waiting
PRIORITIES: Mapping[Task, int] = {"sweep": 9, "prepare": 3, "restyle": 3, "articles": 2, "category": 1}  # of PUBLISH
TURNS = 0x61676775  # class of the advisory locks of turns, and the lock that all turns share

# A job whose queueing lock is taken is queued already. Its own exception, in a block of its own, which is a savepoint,
# leaves the transaction of the mark as it was.
DEFER_JOBS = """
CREATE FUNCTION defer_jobs(jobs procrastinate_job_to_defer_v1[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    job procrastinate_job_to_defer_v1;
BEGIN
    FOREACH job IN ARRAY jobs LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = job.queueing_lock
        );
        BEGIN
            PERFORM procrastinate_defer_jobs_v1(ARRAY[job]);
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END LOOP;
END;
$$
"""
_DEFER = text(
    "SELECT defer_jobs(array_agg((queue, task, priority, CASE task WHEN 'sweep' THEN NULL ELSE name END, name,"
    " jsonb_build_object('subject', subject), NULL)::procrastinate_job_to_defer_v1 ORDER BY priority DESC, name))"
    " FROM unnest(CAST(:names AS text[]), CAST(:tasks AS text[]), CAST(:subjects AS text[]),"
    " CAST(:queues AS text[]), CAST(:priorities AS int[])) AS job (name, task, subject, queue, priority)"
)
_COUNTS = text(
    "SELECT count(*) FILTER (WHERE status = 'todo') AS todo, count(*) FILTER (WHERE status = 'doing') AS doing,"
    " count(*) FILTER (WHERE status = 'doing' AND coalesce(last_heartbeat < now() - CAST(:silence AS interval), true))"
    " AS stalled"
    " FROM procrastinate_jobs LEFT JOIN procrastinate_workers ON procrastinate_workers.id = worker_id"
    " WHERE status IN ('todo', 'doing') AND queue_name LIKE :queue"
)
_WORKERS = text("SELECT (count(*) + 1) / 2 FROM procrastinate_workers")  # each process has one for each queue
_DELETE_ENDED = text("DELETE FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing')")
# A machine that lost its power says nothing; its turns are free when the server gave it up.
_TURN_SETTINGS = text(
    "SELECT set_config('tcp_keepalives_idle', '10', true), set_config('tcp_keepalives_interval', '5', true),"
    " set_config('tcp_keepalives_count', '4', true), set_config('idle_in_transaction_session_timeout', '0', true)"
)
_ALL_TURNS = text("SELECT pg_advisory_xact_lock(:turns)")
_TRY_TURN = text(
    "SELECT pg_try_advisory_xact_lock_shared(:turns) AND pg_try_advisory_xact_lock(:turns, hashtext(:subject))"
)
_WAIT_TURN = text("SELECT pg_advisory_xact_lock_shared(:turns), pg_advisory_xact_lock(:turns, hashtext(:subject))")
_INNER_TURN = text("SELECT pg_advisory_xact_lock(:turns, hashtext(:subject))")


def create_job_tables(connection: Connection) -> None:
    """Create the tables, types and functions of procrastinate, as its package has them, and ours."""
    spec = find_spec("procrastinate")  # nothing of it is loaded
    if spec is None or spec.origin is None:
        raise StoreError("PostgreSQL needs the engine procrastinate; install aggregator[cluster]")
    schema = (Path(spec.origin).parent / "sql" / "schema.sql").read_text(encoding="utf-8")
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(schema)
    driver.execute(DEFER_JOBS)


def defer(connection: Connection, jobs: Iterable[Job]) -> None:
    """Queue these jobs in this transaction, as far as they are not queued."""
    jobs = sorted(jobs)
    parameters = {
        "names": [job.name for job in jobs],
        "tasks": [job.task for job in jobs],
        "subjects": [job.subject for job in jobs],
        "queues": [PUBLISH if job.task in PRIORITIES else REQUESTS for job in jobs],
        "priorities": [PRIORITIES.get(job.task, 0) for job in jobs],
    }
    connection.execute(_DEFER, parameters)


def workers(connection: Connection) -> int:
    """Return the number of processes that do jobs; those that died are deleted by the sweep."""
    return int(connection.execute(_WORKERS).scalar_one())


def counts(connection: Connection, silence: timedelta, queue: str) -> Mapping[str, int]:
    """Return the numbers of a queue's jobs by name; stalled are those whose worker gave no sign for this time."""
    parameters = {"silence": f"{silence.total_seconds()} seconds", "queue": queue}
    row = connection.execute(_COUNTS, parameters).mappings().one()
    return dict(row)


def delete_ended(connection: Connection) -> None:
    """Delete the jobs that failed or were broken off."""
    connection.execute(_DELETE_ENDED)


def take_turn(connection: Connection, subject: str | None, *, waits: bool, is_inner: bool) -> bool:
    """Take the turn for a subject until this transaction ends, None: for all; return False if it is taken.

    Who waits for all turns comes before those who ask for one later. An `is_inner` turn, within another one of the same
    thread, is waited for: the one who waits for all waits for the outer one.
    """
    connection.execute(_TURN_SETTINGS)
    if subject is None:
        connection.execute(_ALL_TURNS, {"turns": TURNS})
        return True
    parameters = {"turns": TURNS, "subject": subject}
    if is_inner:
        connection.execute(_INNER_TURN, parameters)
        return True
    if waits:
        connection.execute(_WAIT_TURN, parameters)
        return True
    return bool(connection.scalar(_TRY_TURN, parameters))
