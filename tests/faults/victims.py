"""The processes of one installation by kind: what may be killed, and nothing that somebody else started."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import psutil

from cluster.embedded import daemons

KINDS = ("decoder", "worker", "raylet", "driver", "handler", "replica", "postmaster", "backend", "s3")
PARTS_OF_RAY = ("ray::IDLE", "ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Agents share the raylet's fate; an idle worker does nothing that could be lost."""


def below(marks: Collection[str], pids: Collection[int]) -> dict[str, list[psutil.Process]]:
    """By kind all processes with one of the marks or numbers, and whatever they have started."""
    found: dict[str, list[psutil.Process]] = {kind: [] for kind in KINDS}
    seen = dict(_all())
    parents = {pid: facts["ppid"] for pid, (_, facts) in seen.items()}
    marked = {pid for pid, (_, facts) in seen.items() if (facts["environ"] or {}).get(daemons.MARK) in marks}
    for pid, (process, facts) in sorted(seen.items()):
        if _descends(pid, marked.union(pids), parents) and (kind := _kind(facts)) is not None:
            found[kind].append(process)
    return found


def _all() -> Iterator[tuple[int, tuple[psutil.Process, dict[str, Any]]]]:
    # Not by process_iter, whose processes all threads share.
    for pid in psutil.pids():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            yield pid, (process, process.as_dict(["ppid", "name", "cmdline", "environ"]))


def _descends(pid: int | None, ours: Collection[int], parents: Mapping[int, int]) -> bool:
    while pid is not None and pid not in ours:
        pid = parents.get(pid)
    return pid is not None


def _kind(seen: Mapping[str, Any]) -> str | None:
    command = seen["cmdline"] or [""]
    title = " ".join(command)
    if seen["name"] in ("raylet", "weed", "postgres"):
        server = {
            "raylet": "raylet",
            "weed": "s3",
            "postgres": "backend" if title.startswith("postgres:") else "postmaster",
        }
        return server[seen["name"]]
    if "pipelines.decode_child" in command:
        return "decoder"
    if "extract" in command and any(part.endswith("/mall") for part in command):
        return "driver"
    if title.startswith("ray::ServeReplica"):
        return "handler" if title.startswith("ray::ServeReplica:handler") else "replica"
    return "worker" if title.startswith("ray::") and not title.startswith(PARTS_OF_RAY) else None
