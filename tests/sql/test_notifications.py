import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from sql import jobs, notifications, requests
from sql.notifications import Notification
from sql.store import Store
from tests.sql.wishes import CALLBACK, claimed, dismissed, quote_of, until_blocked, waiting

ONE = uuid.uuid5(uuid.NAMESPACE_OID, "one")


def due(store: Store) -> list[Notification]:
    with store.connection() as connection:
        return notifications.due(connection, 10)


def told(store: Store) -> list[tuple[uuid.UUID, str, str]]:
    """Whom, of what and where; in the order in which it was written."""
    return [(one.job_id, one.event, one.url) for one in sorted(due(store), key=lambda one: one.notification_id)]


def test_a_job_is_told_of_the_start_and_the_end(ingest: Store) -> None:
    job = waiting(ingest, quote_of(ONE), callback=CALLBACK)
    claim = claimed(ingest)
    with ingest.connection() as connection:
        assert requests.start(connection, claim, "warm", None)
        assert requests.succeed(connection, claim)
    assert told(ingest) == [
        (job.job_id, "running", CALLBACK["in_progress_uri"]),
        (job.job_id, "successful", CALLBACK["success_uri"]),
    ]


def test_the_body_is_the_status_of_the_job(ingest: Store) -> None:
    job = waiting(ingest, quote_of(ONE), callback=CALLBACK)
    with ingest.connection() as connection:
        assert requests.fail(connection, claimed(ingest), "too few CPUs")
        ended = requests.find(connection, job.request.request_id)
    (notification,) = due(ingest)
    assert ended is not None
    assert ended.finished_at is not None
    assert notification.url == CALLBACK["failed_uri"]
    moments = {name: datetime.fromisoformat(str(notification.body[name])) for name in ("created", "finished")}
    assert moments == {"created": job.created_at, "finished": ended.finished_at}
    assert {**notification.body, **moments} == {
        "jobID": str(job.job_id),
        "processID": "paths",
        "type": "process",
        "status": "failed",
        "message": "too few CPUs",
        **moments,
    }


@pytest.mark.parametrize("callback", [None, {}, {"success_uri": "https://shop.example/done"}])
def test_only_those_who_want_to_hear_of_an_event_are_told(ingest: Store, callback: dict[str, str] | None) -> None:
    waiting(ingest, quote_of(ONE), callback=callback)
    with ingest.connection() as connection:
        assert requests.fail(connection, claimed(ingest), "no")
    assert told(ingest) == []


def test_everybody_who_waits_is_told_and_nobody_who_left(ingest: Store) -> None:
    ann, bob, cyd = (waiting(ingest, quote_of(ONE), who, CALLBACK) for who in ("ann", "bob", "cyd"))
    dismissed(ingest, bob)
    with ingest.connection() as connection:
        assert requests.succeed(connection, claimed(ingest))
    assert {(job, event) for job, event, _ in told(ingest)} == {
        (ann.job_id, "successful"),
        (bob.job_id, "dismissed"),
        (cyd.job_id, "successful"),
    }


def test_who_joins_while_the_end_waits_for_it_is_told_too(ingest: Store, read: Store) -> None:
    ann = waiting(read, quote_of(ONE), "ann", CALLBACK)
    claim = claimed(ingest)
    with ThreadPoolExecutor(1) as thread, ingest.connection() as ending:
        with read.connection(read_only=False) as joining:
            request = requests.want(joining, quote_of(ONE))
            ended = thread.submit(requests.succeed, ending, claim)
            until_blocked(ingest, [ending.info.backend_pid])
            bob = jobs.subscribe(joining, request, "paths", {}, "bob", CALLBACK)
        assert ended.result(timeout=30)
    assert {job for job, _, _ in told(ingest)} == {ann.job_id, bob.job_id}


def test_a_request_begun_again_is_announced_once(ingest: Store) -> None:
    waiting(ingest, quote_of(ONE), callback=CALLBACK)
    dead = claimed(ingest, lease_s=-1)
    with ingest.connection() as connection:
        assert requests.start(connection, dead, "warm", None)
    successor = claimed(ingest)
    with ingest.connection() as connection:
        assert requests.start(connection, successor, "warm", None)
        assert not requests.succeed(connection, dead)
    assert [event for _, event, _ in told(ingest)] == ["running"]


def test_the_outbox_is_rolled_back_with_the_change(ingest: Store) -> None:
    job = waiting(ingest, quote_of(ONE), callback=CALLBACK)
    claim = claimed(ingest)
    for change in (
        lambda connection: requests.start(connection, claim, "warm", None),
        lambda connection: requests.succeed(connection, claim),
        lambda connection: requests.fail(connection, claim, "no"),
        lambda connection: jobs.dismiss(connection, job.job_id),
    ):
        with ingest.connection() as connection, connection.transaction(force_rollback=True):
            assert change(connection)
            assert len(notifications.due(connection, 10)) == 1
        assert told(ingest) == []


def test_two_who_deliver_never_hold_the_same(ingest: Store) -> None:
    for who in ("ann", "bob"):
        waiting(ingest, quote_of(ONE), who, CALLBACK)
    with ingest.connection() as connection:
        assert requests.succeed(connection, claimed(ingest))
    with ingest.connection() as one, ingest.connection() as two:
        first, second = notifications.due(one, 1), notifications.due(two, 10)
    assert len(first) == len(second) == 1
    assert first != second


def state_after(store: Store, what: str, *args: object) -> Mapping[str, object]:
    waiting(store, quote_of(ONE), callback=CALLBACK)
    with store.connection() as connection:
        assert requests.succeed(connection, claimed(store))
    with store.connection() as connection:
        (notification,) = notifications.due(connection, 1)
        getattr(notifications, what)(connection, notification, *args)
    with store.connection() as connection:
        row = connection.execute(
            "select attempts, last_error, delivered_at is null, gave_up_at is null from notification"
        ).fetchone()
    assert row is not None
    return dict(zip(("attempts", "last_error", "undelivered", "alive"), row, strict=True))


def test_what_is_delivered_is_not_due_again(ingest: Store) -> None:
    after = state_after(ingest, "delivered")
    assert after == {"attempts": 1, "last_error": None, "undelivered": False, "alive": True}
    assert due(ingest) == []


def test_what_is_postponed_is_due_at_its_time(ingest: Store) -> None:
    after = state_after(ingest, "postpone", "connection refused", datetime.now(UTC) + timedelta(hours=1))
    assert after == {"attempts": 1, "last_error": "connection refused", "undelivered": True, "alive": True}
    assert due(ingest) == []
    with ingest.connection() as connection:
        connection.execute("update notification set next_at = clock_timestamp()")
    assert [one.attempts for one in due(ingest)] == [1]


def test_what_is_given_up_is_never_due_again(ingest: Store) -> None:
    after = state_after(ingest, "give_up", "a private address")
    assert after == {"attempts": 1, "last_error": "a private address", "undelivered": True, "alive": False}
    assert due(ingest) == []
