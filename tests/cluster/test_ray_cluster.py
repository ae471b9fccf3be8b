"""`ray_cluster.yaml` is what Ray accepts, and keeps to what the comments in it promise."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "ray_cluster.yaml").read_text())


@pytest.fixture(scope="module")
def prepared(written: dict[str, Any]) -> dict[str, Any]:
    return prepare_config(copy.deepcopy(written))


def test_ray_accepts_it(prepared: dict[str, Any]) -> None:
    validate_config(prepared)


@pytest.mark.parametrize(
    "fault",
    [
        {"head_node_type": "haed"},
        {"max_workerz": 3},
        {"max_workers": "many"},
        {"idle_timeout_minutes": [5]},
    ],
    ids=str,
)
def test_ray_refuses_a_planted_fault(written: dict[str, Any], fault: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"haed|max_workerz|many|\[5\]|head_node_type"):
        validate_config(prepare_config({**copy.deepcopy(written), **fault}))


def test_an_idle_cluster_is_only_its_head(prepared: dict[str, Any]) -> None:
    workers = {name: kind for name, kind in prepared["available_node_types"].items() if name != "head"}
    assert set(workers) == {"cpu", "gpu"}
    assert all(kind["min_workers"] == 0 < kind["max_workers"] for kind in workers.values())
    assert sum(kind["max_workers"] for kind in workers.values()) <= prepared["max_workers"]
    assert all(kind["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot" for kind in workers.values())
    assert prepared["provider"]["cache_stopped_nodes"] is False


def test_nodes_run_the_ray_that_the_project_is_pinned_to(written: dict[str, Any]) -> None:
    pinned = re.search(r"^ray==(\S+)$", (PROJECT / "constraints.txt").read_text(), re.MULTILINE)
    images = set(re.findall(r"rayproject/ray:([\d.]+)-py311", yaml.safe_dump(written)))
    assert pinned is not None
    assert images == {pinned[1]}


def test_strangers_cannot_run_code_and_the_file_holds_no_secret(written: dict[str, Any]) -> None:
    text = (PROJECT / "ray_cluster.yaml").read_text()
    assert "--env RAY_AUTH_MODE=token" in written["docker"]["run_options"]
    assert any("--dashboard-host=127.0.0.1" in command for command in written["head_start_ray_commands"])
    assert not re.search(r"AKIA[0-9A-Z]{16}|secret_access_key|BEGIN .*PRIVATE KEY", text)


def test_neither_state_nor_environment_is_copied_to_nodes(written: dict[str, Any]) -> None:
    assert {".git/**", ".venv/**", ".mall/**"} <= set(written["rsync_exclude"])
