from datetime import timedelta

from sql import handlers
from sql.store import Store


def test_a_handler_is_alive_while_it_beats(ingest: Store, read: Store) -> None:
    for owner, version in (("old", "0.1"), ("new", "0.2"), ("old", "0.2")):
        with ingest.connection() as connection:
            handlers.beat(connection, owner, version)
    with read.connection() as connection:
        alive = handlers.alive(connection, 60)
    assert [(one.owner, one.version) for one in alive] == [("old", "0.2"), ("new", "0.2")]
    assert alive[0].seen_at > alive[0].started_at


def test_who_has_not_been_heard_of_is_not_alive(ingest: Store) -> None:
    for owner in ("gone", "here"):
        with ingest.connection() as connection:
            handlers.beat(connection, owner, "0.1")
    with ingest.connection() as connection:
        connection.execute("update handler set seen_at = seen_at - interval '1 minute' where owner = 'gone'")
        assert [one.owner for one in handlers.alive(connection, 30)] == ["here"]
        assert len(handlers.alive(connection, 3600)) == 2


def test_who_is_long_dead_is_forgotten(ingest: Store) -> None:
    for owner in ("gone", "here"):
        with ingest.connection() as connection:
            handlers.beat(connection, owner, "0.1")
    with ingest.connection() as connection:
        connection.execute("update handler set seen_at = seen_at - interval '8 days' where owner = 'gone'")
        handlers.prune(connection, timedelta(days=7))
        assert [one.owner for one in handlers.alive(connection, 365 * 86400)] == ["here"]
