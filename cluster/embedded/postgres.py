"""A private PostgreSQL with PostGIS in a folder of its own, on a port of its own.

It survives kill -9, keeps its port over restarts, and never signals or writes to a server that it did not start:
a process belongs to it only when its working directory is this folder's data directory, and a server on the port
only when it says `show data_directory` is ours. There is no Unix socket, so no path can be too long for one.
"""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from cluster.embedded import daemons
from cluster.embedded.ports import free_port
from models.world.errors import MallError, NotInstalled

SUPERUSER = "postgres"
"""The database superuser's name, and the operating system user that the server runs as when we are root."""
OUTSIDE = Path("/var/lib/mall-tracking")
"""Where the data lie when the user `postgres` cannot enter the given folder (a folder under root's home)."""
APT = "sudo apt-get update && sudo apt-get install -y --no-install-recommends"
_CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}


class PostgresServer:
    """The server of one folder.

    `folder` holds the password (0600), the port and the log; the data lie in `folder/data`, or under `OUTSIDE` (see
    there). `configuration` are further server settings, such as `{"fsync": "off"}` for tests.
    """

    def __init__(self, folder: Path, configuration: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.configuration = {**_CONFIGURATION, **(configuration or {})}
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process, None when it is down."""
        return self._postmaster()

    @property
    def running(self) -> bool:
        """Whether this folder's server runs."""
        return self.pid is not None

    @property
    def port(self) -> int:
        """The port, kept over restarts unless somebody else has taken it meanwhile; 0 before the first start."""
        try:
            return int((self.folder / "port").read_text())
        except FileNotFoundError:
            return 0

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """The address of a database, by default as superuser."""
        password = self._password() if password is None else password
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self, timeout_s: float = 60.0) -> None:
        """Make the data folder if there is none, and run; does nothing when it runs already.

        Raises NotInstalled without PostgreSQL or PostGIS, MallError with the end of the log when it cannot start.
        """
        self._make_folder()
        binaries = find_binaries(self._version())
        if self._wait_for_peace(timeout_s):
            return
        self._initialise(binaries)
        for port in (self.port or free_port(), free_port(), free_port()):
            (self.folder / "port").write_text(str(port))
            if self._launch(binaries, timeout_s):
                return
        raise MallError(f"PostgreSQL does not start; the end of {self.log}:\n{self._log_end()}")

    def stop(self, timeout_s: float = 60.0) -> None:
        """Fast shutdown (SIGINT): connections are cut, everything committed is safe. Does nothing when it is down."""
        pid = self._postmaster()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        if not daemons.until(lambda: not self._processes(), timeout_s):
            raise MallError(f"PostgreSQL (process {pid}) did not stop within {timeout_s:.0f} s; see {self.log}")
        if self._child is not None:
            self._child.wait()

    def remove(self) -> None:
        """Stop, and delete all data for good."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str, template: str = "template1") -> str:
        """The DSN of the database `name`, which is made if it does not exist."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if known is None:
                create = sql.SQL("create database {} template {}")
                connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.dsn(name)

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    @property
    def data(self) -> Path:
        """The data directory."""
        inside = self.folder / "data"
        if os.geteuid() != 0 or (inside / "PG_VERSION").exists():
            return inside
        # The password makes the name fresh when the folder was deleted and made again.
        name = hashlib.sha256(f"{self.folder}\0{self._password()}".encode()).hexdigest()[:16]
        if (OUTSIDE / name / "PG_VERSION").exists() or not _can_enter(self.folder, _server_user()):
            return OUTSIDE / name
        return inside

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)

    def _password(self) -> str:
        path = self.folder / "password"
        with contextlib.suppress(FileNotFoundError):
            return path.read_text()
        self._make_folder()
        with contextlib.suppress(FileExistsError), open(path, "x", opener=_private) as file:
            file.write(secrets.token_hex(16))
        return path.read_text()

    def _version(self) -> str | None:
        version = self.data / "PG_VERSION"
        return version.read_text().strip() if version.exists() else None

    def _initialise(self, binaries: Path) -> None:
        data = self.data
        if (data / "PG_VERSION").exists():
            return
        if not data.parent.exists():
            data.parent.mkdir(parents=True)
            data.parent.chmod(0o755)
        half_made = data.with_name(f"{data.name}.new")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        _give_away(half_made)
        self._run_initdb(binaries, half_made)
        half_made.rename(data)

    def _run_initdb(self, binaries: Path, target: Path) -> None:
        password_file = target.with_name(f"{target.name}.password")
        with open(password_file, "w", opener=_private) as file:
            file.write(self._password())
        _give_away(password_file)
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            target,
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
        ]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        user = _as_server_user()
        try:
            subprocess.run([*command, *options], check=True, capture_output=True, text=True, cwd="/", **user)  # noqa: S603
        except subprocess.CalledProcessError as error:
            raise MallError(f"initdb failed in {target}: {error.stderr.strip()}") from error
        finally:
            password_file.unlink()

    def _wait_for_peace(self, timeout_s: float) -> bool:
        """True when our server runs; False when nothing of it is left, not even a backend orphaned by a kill -9."""
        daemons.until(lambda: not self._processes() or self._answers(), timeout_s)
        if self._child is not None:
            self._child.poll()
        if not self._processes():
            # The number in a killed server's pid file may meanwhile be a stranger's, for whom PostgreSQL would wait.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            return False
        if not self._answers():
            raise MallError(f"processes of a killed PostgreSQL still hold {self.data}: {self._processes()}")
        return True

    def _launch(self, binaries: Path, timeout_s: float) -> bool:
        options = [f"-c{name}={value}" for name, value in self.configuration.items()]
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                [binaries / "postgres", "-D", self.data, f"-p{self.port}", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **_as_server_user(),
            )
        started = False
        try:
            daemons.until(lambda: process.poll() is not None or self._answers(), timeout_s)
            started = process.poll() is None and self._answers()
        finally:  # also when interrupted: what is not said to run must not run
            if not started and process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
        if started:
            daemons.keep(process)
            self._child = process
        return started

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.dsn(), connect_timeout=5) as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]) == self.data

    def _postmaster(self) -> int | None:
        if not self.folder.exists():
            return None
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if pid in self._processes() else None

    def _processes(self) -> list[int]:
        """All living processes that work in our data directory: the server and its backends."""
        data = str(self.data.resolve())
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and str((entry / "cwd").readlink()) == data and not _is_zombie(entry):
                    found.append(int(entry.name))
        return found

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def find_binaries(version: str | None = None, roots: list[Path] | None = None) -> Path:
    """The folder with `postgres` and `initdb` of a PostgreSQL that has PostGIS: of major `version` if given, else the newest.

    Raises NotInstalled with the command that installs what is missing.
    """
    folders = [folder for folder in _candidates(roots) if version in (None, _major(folder))]
    for folder in folders:
        if any(path.exists() for path in _postgis_controls(folder)):
            return folder
    if folders:
        raise NotInstalled(
            f"PostgreSQL {_major(folders[0])} is here ({folders[0]}) but PostGIS is not; install it: "
            f"{APT} postgresql-{_major(folders[0])}-postgis-3"
        )
    if version is not None:
        raise NotInstalled(
            f"the data were made by PostgreSQL {version}, which is not here; install it: "
            f"{APT} postgresql-{version} postgresql-{version}-postgis-3"
        )
    raise NotInstalled(f"PostgreSQL and PostGIS are not installed; install them: {APT} postgresql postgresql-postgis")


def _candidates(roots: list[Path] | None) -> list[Path]:
    if roots is None:
        roots = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name.split(".")[0]))
        on_path = shutil.which("postgres")
        roots += [Path(on_path).resolve().parent] if on_path else []
    return [root for root in roots if (root / "postgres").exists() and (root / "initdb").exists()]


def _major(folder: Path) -> str:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return answer.stdout.split()[2].split(".")[0]


def _postgis_controls(folder: Path) -> Iterator[Path]:
    major = folder.parent.name
    yield Path("/usr/share/postgresql") / major / "extension" / "postgis.control"
    yield folder.parent / "share" / "extension" / "postgis.control"
    yield folder.parent / "share" / "postgresql" / "extension" / "postgis.control"


def _server_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SUPERUSER)
    except KeyError:
        raise NotInstalled(f"there is no user {SUPERUSER!r} to run the server; {APT} postgresql makes it") from None


def _as_server_user() -> dict[str, Any]:
    """Arguments of Popen: PostgreSQL refuses to run as root, so root hands over to `postgres`."""
    if os.geteuid() != 0:
        return {}
    user = _server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        user = _server_user()
        os.chown(path, user.pw_uid, user.pw_gid)


def _can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may walk through every folder on the way."""
    for step in [folder, *folder.parents]:
        if not step.exists():
            continue
        status = step.stat()
        needed = stat.S_IXOTH
        if status.st_uid == user.pw_uid:
            needed = stat.S_IXUSR
        elif status.st_gid == user.pw_gid:
            needed = stat.S_IXGRP
        if not status.st_mode & needed:
            return False
    return True


def _is_zombie(process: Path) -> bool:
    return (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
