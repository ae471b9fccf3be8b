"""Set-up on machines of many kinds, with stand-ins for apt-get, sudo and the file system; nothing is installed."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "cluster" / "setup"
TOOLS = "bash basename dirname echo env grep sed sort tail true xargs"
GLIB, GL = "libgthread-2.0.so.0", "libGL.so.1"


@dataclass
class Machine:
    """A folder that looks like a machine to the scripts: its root, its programs, and a log of what was run as whom."""

    folder: Path
    uid: int = 0
    offered: list[str] = field(default_factory=lambda: ["postgresql-15-postgis-3", "libglib2.0-0"])

    def __post_init__(self) -> None:
        for tool in TOOLS.split():
            self._link(tool)
        self.program("id", f"echo {self.uid}")
        self.program("ldconfig", "true")
        self.program("python3.11", f'exec {sys.executable} "$@"')
        self.program("apt-cache", self._apt_cache())
        self.program("apt-get", f'echo "apt-get $*" >> {self.log}; [ "$3" = -o ] && shift; {self._installs()}')

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def ran(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def program(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def remove(self, name: str) -> None:
        (self.folder / "bin" / name).unlink()

    def library(self, name: str) -> None:
        self._touch(self.root / "usr/lib/x86_64-linux-gnu" / name)

    def postgres(self, major: int, *, postgis: bool) -> None:
        server = self.root / f"usr/lib/postgresql/{major}/bin/postgres"
        self._touch(server)
        server.chmod(0o755)
        if postgis:
            self._touch(self.root / f"usr/share/postgresql/{major}/extension/postgis.control")

    def script(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.folder / "bin"), "ROOT": str(self.root), **variables}
        command = [str(self.folder / "bin/bash"), str(SETUP / name), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def missing(self) -> list[str]:
        return self.script("system_packages.sh", "--missing").stdout.split()

    def _apt_cache(self) -> str:
        offered = " ".join(self.offered)
        return (
            f'case "$1" in show) for one in {offered}; do [ "$one" = "$2" ] && exit; done; exit 100;; '
            f'search) printf "%s - a package\\n" {offered} | grep postgis;; esac'
        )

    def _installs(self) -> str:
        """An apt-get that really brings what it is asked for: PostGIS with its server, and the libraries."""
        lib, share = self.root / "usr/lib", self.root / "usr/share/postgresql"
        mkdir, touch = shutil.which("mkdir"), shutil.which("touch")
        return (
            f'for one in "$@"; do case "$one" in '
            f"postgresql-*-postgis-3) n=${{one#postgresql-}}; n=${{n%%-*}}; {mkdir} -p {share}/$n/extension {lib}/postgresql/$n/bin; "
            f"{touch} {share}/$n/extension/postgis.control; echo > {lib}/postgresql/$n/bin/postgres; "
            f"{shutil.which('chmod')} +x {lib}/postgresql/$n/bin/postgres;; "
            f"libgl1) {mkdir} -p {lib}/any; {touch} {lib}/any/{GL};; libglib*) {mkdir} -p {lib}/any; {touch} {lib}/any/{GLIB};; "
            f"esac; done; true"
        )

    def _link(self, tool: str) -> None:
        path = self.folder / "bin" / tool
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(str(shutil.which(tool)))

    @staticmethod
    def _touch(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_bare_machine_gets_everything(machine: Machine) -> None:
    assert machine.missing() == ["postgresql-15-postgis-3", "libgl1", "libglib2.0-0"]
    ended = machine.script("system_packages.sh")
    assert ended.returncode == 0, ended.stderr
    assert machine.ran.splitlines()[0].endswith(" update")
    assert machine.ran.splitlines()[1].endswith(
        "install -y --no-install-recommends postgresql-15-postgis-3 libgl1 libglib2.0-0"
    )
    assert machine.missing() == []


def test_a_machine_that_has_all_is_left_alone_and_asks_nobody(machine: Machine) -> None:
    machine.postgres(14, postgis=True)
    machine.library(GL)
    machine.library(GLIB)
    assert machine.script("system_packages.sh").returncode == 0
    assert machine.ran == ""


def test_a_postgres_without_postgis_gets_that_of_its_own_version(tmp_path: Path) -> None:
    machine = Machine(tmp_path, offered=["postgresql-13-postgis-3", "postgresql-16-postgis-3", "libglib2.0-0"])
    machine.postgres(13, postgis=False)
    assert machine.missing()[0] == "postgresql-13-postgis-3"


def test_a_postgres_for_which_there_is_no_postgis_stays_and_the_newest_pair_comes_beside_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, offered=["postgresql-9-postgis-3", "postgresql-16-postgis-3", "libglib2.0-0"])
    machine.postgres(12, postgis=False)
    assert machine.missing()[0] == "postgresql-16-postgis-3"


def test_without_package_lists_the_metapackage_is_named(tmp_path: Path) -> None:
    assert Machine(tmp_path, offered=["nothing"]).missing()[0] == "postgresql-postgis"


def test_newer_ubuntus_glib_is_found_under_its_new_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path, offered=["postgresql-16-postgis-3", "libglib2.0-0t64"])
    assert machine.missing()[-1] == "libglib2.0-0t64"


def test_an_ordinary_user_is_told_the_exact_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path, uid=1000)
    machine.library(GL)
    ended = machine.script("system_packages.sh")
    assert ended.returncode == 1
    assert (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql-15-postgis-3 libglib2.0-0"
        in ended.stderr
    )
    assert machine.ran == ""


def test_an_ordinary_user_with_sudo_needs_no_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path, uid=1000)
    machine.program("sudo", f'echo "sudo $*" >> {machine.log}; shift; exec "$@"')
    assert machine.script("system_packages.sh").returncode == 0
    assert "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get" in machine.ran
    assert machine.missing() == []


def test_a_failing_apt_is_told_with_the_packages(machine: Machine) -> None:
    machine.program("apt-get", "echo 'E: no space' >&2; exit 100")
    ended = machine.script("system_packages.sh")
    assert ended.returncode == 1
    assert "E: no space" in ended.stderr
    assert "could not install postgresql-15-postgis-3 libgl1" in ended.stderr


def test_a_system_without_apt_is_told_what_is_needed(machine: Machine) -> None:
    machine.remove("apt-get")
    ended = machine.script("system_packages.sh")
    assert ended.returncode == 1
    assert "no apt-get" in ended.stderr


def test_a_python_without_venv_gets_the_package_of_its_version(machine: Machine) -> None:
    machine.program("python3.11", 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.11-venv;; esac')
    assert machine.missing()[-1] == "python3.11-venv"


@pytest.mark.parametrize(("version", "found"), [("3.10", False), ("3.11", True)])
def test_only_a_python_that_is_new_enough_is_used(machine: Machine, version: str, found: bool) -> None:
    machine.remove("python3.11")
    machine.program("python3", f"exit {0 if found else 1}  # {version}")
    ended = machine.script("find_python.sh")
    assert (ended.returncode == 0) == found
    assert found or "make PYTHON=/path/to/python3.11" in ended.stderr


def test_a_named_python_that_is_too_old_is_refused_by_name(machine: Machine) -> None:
    machine.program("old-python", "exit 1")
    ended = machine.script("find_python.sh", PYTHON="old-python")
    assert ended.returncode == 1
    assert "PYTHON=old-python is not a Python 3.11 or newer" in ended.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without dependencies, so that its environment can be made without a network."""
    folder = tmp_path / "project"
    shutil.copytree(SETUP, folder / "cluster" / "setup")
    (folder / "pyproject.toml").write_text('[project]\nname = "tiny"\nversion = "1"\n')
    (folder / "constraints.txt").write_text("")
    return folder


def stamped(project: Path) -> Path:
    """An environment whose pip only takes notes."""
    venv = project / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin/python"
    python.write_text(f'#!/bin/bash\necho "$*" >> {venv}/pip.log\n')
    python.chmod(0o755)
    return venv


def environment(project: Path, venv: Path) -> int:
    variables = {**os.environ, "PYTHON": sys.executable}
    script = project / "cluster/setup/environment.sh"
    return subprocess.run([str(script), str(venv)], env=variables, capture_output=True, check=False).returncode


def test_packages_are_installed_once_and_again_only_when_the_pins_change(project: Path) -> None:
    venv = stamped(project)
    for _ in range(3):
        assert environment(project, venv) == 0
    (installed,) = (venv / "pip.log").read_text().splitlines()
    assert installed.startswith("-m pip install --quiet")
    assert f"--editable {project}[dev] --constraint {project}/constraints.txt" in installed
    (project / "constraints.txt").write_text("numpy==2.4.6\n")
    assert environment(project, venv) == 0
    assert len((venv / "pip.log").read_text().splitlines()) == 2


def test_a_failed_installation_is_tried_again(project: Path) -> None:
    venv = stamped(project)
    notes = (venv / "bin/python").read_text()
    (venv / "bin/python").write_text("#!/bin/bash\nexit 1\n")
    assert environment(project, venv) != 0
    (venv / "bin/python").write_text(notes)
    assert environment(project, venv) == 0
    assert (venv / "pip.log").exists()


def test_a_copy_of_the_environment_elsewhere_is_not_taken_for_this_projects(project: Path, tmp_path: Path) -> None:
    venv = stamped(project)
    assert environment(project, venv) == 0
    other = tmp_path / "other"
    shutil.copytree(project, other)
    assert environment(other, other / "venv") == 0
    assert len((venv / "pip.log").read_text().splitlines()) == 2


def test_skipping_takes_less_than_a_second(project: Path) -> None:
    venv = stamped(project)
    environment(project, venv)
    started = os.times()
    assert environment(project, venv) == 0
    ended = os.times()
    assert (ended.children_user - started.children_user) + (ended.children_system - started.children_system) < 1.0


def test_make_lists_every_target_with_what_it_does() -> None:
    listed = subprocess.run(["make", "help"], cwd=SETUP.parents[1], capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "check", "fix", "bench", "setup", "clean"):
        assert f"make {target} " in listed


def test_the_tests_of_the_page_get_a_browser_where_debian_has_one(machine: Machine) -> None:
    assert machine.script("browser.sh").returncode == 0
    assert machine.ran.splitlines()[-1].endswith("install -y --no-install-recommends chromium")


def test_a_browser_that_is_there_is_used(machine: Machine) -> None:
    machine.program("chromium", "true")
    assert machine.script("browser.sh").returncode == 0
    assert machine.ran == ""


@pytest.mark.parametrize("why", ["no apt-get", "only root", "snap", "could not install"])
def test_without_a_browser_set_up_goes_on_and_says_why(tmp_path: Path, why: str) -> None:
    machine = Machine(tmp_path, uid=1000 if why == "only root" else 0)
    if why == "no apt-get":
        machine.remove("apt-get")
    if why == "snap":
        (machine.root / "etc").mkdir(parents=True)
        (machine.root / "etc/os-release").write_text("NAME=Ubuntu\nID=ubuntu\n")
    if why == "could not install":
        machine.program("apt-get", "exit 100")
    ended = machine.script("browser.sh")
    assert ended.returncode == 0
    assert why in ended.stderr
    assert "the tests of the page will skip" in ended.stderr
