"""A disk that is full in the middle of a load: nothing is changed, and with room again the load is as in peace."""

import errno
import itertools
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cluster.embedded.postgres import PostgresServer
from models.world.errors import StoreUnavailable
from sql.store import Store
from tests.conftest import Database
from tests.faults.loader import Kind, Load, here
from tests.faults.night import opened
from tests.faults.watcher import Watcher, state

STEP_KB = 24
_numbers = itertools.count()


@dataclass(frozen=True)
class Disk:
    """A file system of 64 MB in memory."""

    folder: Path

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    def leave_kb(self, free_kb: int) -> None:
        """Fill it until so much is left, at most; the server may write meanwhile, and is then measured again."""
        self.empty()
        with (self.folder / "ballast").open("wb") as ballast:
            while (wanted := self._free() - 1024 * free_kb) > 0:
                try:
                    os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, wanted)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def _free(self) -> int:
        """Bytes."""
        free = os.statvfs(self.folder)
        return free.f_bavail * free.f_frsize


@pytest.fixture
def disk() -> Iterator[Disk]:
    with tempfile.TemporaryDirectory(prefix="mall-disk-") as name:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", name], capture_output=True
        )
        if mounted.returncode:
            pytest.skip(f"a small file system can be mounted by root alone: {mounted.stderr.decode().strip()}")
        try:
            small = Disk(Path(name))
            Path(name).chmod(0o755)
            small.tables.mkdir(mode=0o700)
            os.chown(small.tables, *_owner())
            yield small
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def _owner() -> tuple[int, int]:
    user = pwd.getpwnam("postgres")
    return user.pw_uid, user.pw_gid


@pytest.fixture
def space(postgres: PostgresServer, disk: Disk) -> Iterator[sql.Identifier]:
    """The name of the disk in the run's server; to be made before a database, so that it goes after it."""
    name = sql.Identifier(f"small{next(_numbers)}")
    with psycopg.connect(postgres.dsn(), autocommit=True) as superuser:
        superuser.execute(sql.SQL("create tablespace {} location {}").format(name, sql.Literal(str(disk.tables))))
        superuser.execute(sql.SQL("grant create on tablespace {} to mall_admin, mall_ingest").format(name))
        yield name
        disk.empty()
        superuser.execute(sql.SQL("drop tablespace {}").format(name))


@pytest.fixture
def cramped(space: sql.Identifier, postgres: PostgresServer, database: Database) -> Database:
    """The known night, with all that is loaded on that disk."""
    with psycopg.connect(database.ingest_dsn) as connection:
        login = sql.Identifier(connection.info.user)
    with psycopg.connect(postgres.dsn(), autocommit=True) as superuser:
        superuser.execute(sql.SQL("alter role {} set default_tablespace = {}").format(login, space))
    return opened(database)


def failed(load: Load, dsn: str) -> bool:
    """Whether the disk was too small for it."""
    try:
        here(load, dsn)
    except StoreUnavailable as error:
        return "disk is full" in str(error)
    return False


@pytest.mark.parametrize(("kind", "least"), [("day", 3), ("hour", 1)])
def test_a_full_disk_leaves_the_slice_as_it_was(cramped: Database, disk: Disk, kind: Kind, least: int) -> None:
    few, everybody = Load(kind, has_all=False), Load(kind, has_all=True)
    with Store(cramped.read_dsn, role="read", size=1) as read:
        here(few, cramped.ingest_dsn)
        after = state(read)
        here(everybody, cramped.ingest_dsn)
        before, times_full = state(read), 0
        with Watcher(cramped.read_dsn, [before, after], at_once=kind == "hour") as watcher:
            for free_kb in range(0, 4096, STEP_KB):
                disk.leave_kb(free_kb)
                if not failed(few, cramped.ingest_dsn):
                    break
                times_full += 1
                assert state(read) == before
        assert state(read) == after
    assert watcher.wrong == []
    assert times_full >= least
