import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from cluster.embedded.postgres import PostgresServer, find_binaries
from models.world.errors import NotInstalled


@contextmanager
def fresh_server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="mall-tests-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)  # noqa: PTH101
        made = PostgresServer(Path(name) / "postgres")
        try:
            made.start()
            yield made
        finally:
            made.remove()


@pytest.fixture(scope="module")
def installed() -> Iterator[PostgresServer]:
    with fresh_server() as made:
        yield made


@pytest.fixture
def server(installed: PostgresServer) -> PostgresServer:
    installed.start()
    return installed


def pid(server: PostgresServer) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def test_what_was_committed_survives_kill_9_on_the_same_port(server: PostgresServer) -> None:
    dsn = server.create_database("mall")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table kept as select 42 as n")
        os.kill(pid(server), signal.SIGKILL)
    server.start()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select n from kept").fetchall() == [(42,)]


def test_starting_twice_and_stopping_twice_is_once(server: PostgresServer) -> None:
    before = pid(server)
    server.start()
    PostgresServer(server.folder).start()
    assert pid(server) == before
    server.stop()
    server.stop()
    assert not server.running


def test_a_pid_file_that_names_a_stranger_is_no_obstacle_and_the_stranger_is_left_alone(server: PostgresServer) -> None:
    server.stop()
    stranger = os.getpid()
    (server.data / "postmaster.pid").write_text(f"{stranger}\n{server.data}\n")
    assert not server.running
    server.stop()
    server.start()
    assert server.running
    assert pid(server) != stranger


def test_a_port_that_somebody_has_taken_is_left_to_them(server: PostgresServer) -> None:
    server.stop()
    taken = server.port
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", taken))
        listener.listen()
        server.start()
        assert server.port != taken
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("show data_directory").fetchone() == (str(server.data),)


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.dsn(password="guess"))
    assert (server.folder / "password").stat().st_mode & 0o077 == 0


def test_removing_a_server_leaves_the_others(server: PostgresServer) -> None:
    with fresh_server() as other:
        data = other.data
        assert other.port != server.port
        other.remove()
        assert not data.exists()
    assert server.running


def test_missing_programs_are_named_with_the_command_that_installs_them(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match=r"apt-get install .* postgresql postgresql-postgis"):
        find_binaries(roots=[tmp_path])
    bare = tmp_path / "99" / "bin"
    bare.mkdir(parents=True)
    (bare / "initdb").touch()
    (bare / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 99.1'\n")
    (bare / "postgres").chmod(0o755)
    with pytest.raises(NotInstalled, match=r"PostgreSQL 99 is here .* but PostGIS is not.*postgresql-99-postgis-3"):
        find_binaries(roots=[bare])
    with pytest.raises(NotInstalled, match=r"made by PostgreSQL 14.*postgresql-14 postgresql-14-postgis-3"):
        find_binaries("14", roots=[bare])
