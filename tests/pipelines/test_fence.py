"""Workers that were frozen for longer than a lease and come back; and what they do where no fence stops them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from cluster.embedded.daemons import until
from pipelines import raw
from pipelines.extract import estimate, extract
from pipelines.flow import Resources
from pipelines.objects import ObjectStore
from tests.faults.state import hashes
from tests.pipelines.filmed import WINDOW, Mall
from tests.pipelines.zombie_process import StoppingAtALoad, stopping_at_a_picture

PATIENCE_S, SHORT_S, LONG_S = 60.0, 1.0, 600.0

pytestmark = pytest.mark.faults


@pytest.fixture
def undisturbed(another_mall: Mall) -> dict[str, str]:
    mall = another_mall()
    extract(mall, WINDOW, on_ray=False)
    return dict(hashes(mall, WINDOW))


@contextmanager
def stopped(folder: Path, fenced: bool, *arguments: Any) -> Iterator[subprocess.Popen[bytes]]:
    """An extraction with these arguments that has stopped itself; afterwards it must end well."""
    from ray import cloudpickle

    file = folder / f"arguments{len(list(folder.iterdir()))}"
    file.write_bytes(cloudpickle.dumps((fenced, arguments)))
    command = [sys.executable, "-m", "tests.pipelines.zombie_process", str(file)]
    with subprocess.Popen(command, env=os.environ) as process:
        try:
            there = psutil.Process(process.pid)
            assert until(lambda: there.status() == psutil.STATUS_STOPPED, PATIENCE_S)
            yield process
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("fenced", [True, False])
def test_a_result_that_comes_after_a_takeover_is_named_only_without_the_fence(
    undisturbed: dict[str, str], mall: Resources, tmp_path: Path, fenced: bool
) -> None:
    frozen = replace(mall, load_detector=stopping_at_a_picture())
    with (
        stopped(tmp_path, fenced, replace(frozen, lease_s=SHORT_S), WINDOW) as zombie,
        stopped(tmp_path, fenced, replace(frozen, lease_s=LONG_S), WINDOW) as successor,
    ):
        zombie.send_signal(signal.SIGCONT)
        assert until(
            lambda: results(mall, epoch=1) == 2 and (fenced or estimate(mall, WINDOW)[0].known == 2), PATIENCE_S
        )
        successor.send_signal(signal.SIGCONT)
    assert (hashes(mall, WINDOW) == undisturbed) is fenced


def results(mall: Resources, epoch: int) -> int:
    """How many segments have a whole result of this epoch in the object store, named or not."""
    return sum(key.endswith(f"/e{epoch}/{raw.TRACKLETS_FILE}") for key in mall.objects.keys("raw/"))


@pytest.mark.parametrize("fenced", [True, False])
def test_a_load_that_comes_after_a_takeover_replaces_what_is_there_only_without_the_fence(
    undisturbed: dict[str, str], mall: Resources, object_store: ObjectStore, tmp_path: Path, fenced: bool
) -> None:
    frozen = replace(mall, lease_s=SHORT_S, objects=StoppingAtALoad(object_store.address))
    with stopped(tmp_path, fenced, frozen, WINDOW, ["cam1"]) as zombie:
        extract(mall, WINDOW, on_ray=False)
        assert hashes(mall, WINDOW) == undisturbed
        zombie.send_signal(signal.SIGCONT)
    assert (hashes(mall, WINDOW) == undisturbed) is fenced
