"""The command line: fast help, one clear line for everything that is wrong, and the right status."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from typer.main import get_command

from cluster.cli.app import app
from cluster.cli.extraction import in_advance
from cluster.cli.outcome import remedy, run
from cluster.cli.progress import bar
from cluster.cli.questions import read_parameters
from models.world.errors import BadInput, NotExtracted
from models.world.periods import Window
from sql.plans import Plan
from tests.conftest import Database

PROJECT = Path(__file__).parents[2]
SITE = """
site: northgate
time_zone: Europe/Berlin
floors: [{id: 0, name: Ground, outline: [[0, 0], [60, 0], [60, 30], [0, 30]]}]
sections: [{id: food-court, name: Food court, floor: 0, polygon: [[40, 0], [60, 0], [60, 15], [40, 15]]}]
cameras:
  - id: cam1
    floor: 0
    resolution_px: [640, 384]
    frame_rate_hz: 10
    keyframe_interval_s: 1
    calibration:
      points_px: [[12, 370], [610, 365], [420, 120], [200, 118]]
      points_m: [[1.0, 2.0], [9.0, 2.0], [8.0, 14.0], [2.0, 14.0]]
"""
EVALUATE = [
    *("evaluate", "tracking", "--ground-truth", "no-truth.txt", "--homography", "h.txt"),
    *("--fps", "7", "--tracks", "tracks.csv", "--json", "scores.json"),
]
COMMANDS = [
    [],
    *([name] for name in ("demo", "doctor", "up", "down", "status", "logs", "env", "ingest", "extract", "coverage")),
    *(
        [name]
        for name in ("query", "simulate", "site", "attributes", "evaluate", "train", "export", "retention", "bench")
    ),
    ["bench", "generate"],
    *(["site", name] for name in ("load", "calibrate", "check")),
    *(["attributes", name] for name in ("list", "show", "approve", "retire")),
    ["evaluate", "tracking"],
    ["evaluate", "association"],
    ["evaluate", "attributes"],
    ["train", "detector"],
    ["train", "describer"],
    ["train", "reidentifier"],
]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class Terminal:
    """Runs commands in this process, in an empty folder with an empty state folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        status = run(app, list(arguments))
        captured = self._capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    def refused(self, *arguments: str, status: int = 1) -> str:
        """The one line on stderr of a command that must fail."""
        ended = self(*arguments)
        assert ended.status == status, ended
        assert ended.out == ""
        assert re.fullmatch(r"mall: .+\n", ended.err), ended.err
        return ended.err.removeprefix("mall: ").strip()


@pytest.fixture
def mall(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    for name in [name for name in os.environ if name.startswith("MALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


@pytest.fixture
def stored(mall: Terminal, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """With a database that holds a site, and an object store that nobody answers for."""
    monkeypatch.setenv("MALL_DATABASE_ADMIN", database.admin_dsn)
    monkeypatch.setenv("MALL_DATABASE_INGEST", database.ingest_dsn)
    monkeypatch.setenv("MALL_DATABASE_READ", database.read_dsn)
    monkeypatch.setenv("MALL_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("MALL_S3_ACCESS_KEY", "nobody")
    monkeypatch.setenv("MALL_S3_SECRET_KEY", "nothing")
    (tmp_path / "site.yaml").write_text(SITE)
    assert mall("site", "load", "site.yaml").status == 0
    return mall


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "mall")
def test_every_command_has_help_that_says_what_it_is_for(mall: Terminal, command: list[str]) -> None:
    ended = mall(*command, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert f"Usage: {' '.join(['mall', *command])}" in ended.out
    assert "--help" in ended.out


def test_no_command_is_missing_from_the_tests() -> None:
    assert {" ".join(command) for command in COMMANDS} == set(_names(get_command(app)))


def _names(command: object, before: str = "") -> Iterator[str]:
    yield before
    for name, below in getattr(command, "commands", {}).items():
        yield from _names(below, f"{before} {name}".strip())


def test_help_takes_less_than_a_second_of_processor_time() -> None:
    """Of processor time, so that a busy machine cannot fail it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([Path(sys.executable).parent / "mall", "--help"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 1.0


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from cluster.cli.app import app; from cluster.cli.outcome import run; run(app, ['--help']);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    heavy = {
        "numpy",
        "pandas",
        "torch",
        "cv2",
        "av",
        "ray",
        "psycopg",
        "boto3",
        "pydantic",
        "httpx",
        "scipy",
        "openvino",
    }
    assert not heavy & set(ended.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["extract"], "give the window"),
        (["extract", "--from", "2020-01-01"], "--to T"),
        (["ingest", "x.mp4", "--camera", "cam1", "--start", "now", "--fps", "fast"], "'--fps'"),
        (["ingest", "--camera", "cam1", "--start", "2026-11-24T17:00"], "Missing argument 'FILE'"),
        (["simulate", "out", "--people", "many"], "'--people'"),
        (["up", "--now"], "No such option: --now"),
        (["logs", "--lines", "0"], "'--lines'"),
    ],
    ids=lambda given: " ".join(given)[:60] if isinstance(given, list) else "",
)
def test_wrong_usage_is_status_2_and_names_the_help(mall: Terminal, arguments: list[str], told: str) -> None:
    line = mall.refused(*arguments, status=2)
    assert told in line
    assert "--help)" in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["site", "load", "nowhere.yaml"], "nowhere.yaml"),
        (["simulate", "out", "--start", "later"], "'later' is not a time"),
        (["simulate", "out", "--cameras", "0"], "0"),
        (["simulate", "out", "--misses", "0"], "--misses says how people are detected; give --detections"),
        (["simulate", "out", "--layout", "maze"], "no layout 'maze'; known: overlapping, mall"),
        (["simulate", "out", "--layout", "mall", "--annexes", "1"], "--annexes are of one hall"),
        (["simulate", "out", "--detections", "--layout", "maze"], "no layout 'maze'; known: overlapping, mall"),
        (["simulate", "out", "--detections", "--noise-m", "1", "--noise-px", "1"], "one of them, not both"),
        (["simulate", "out", "--detections", "--start", "2026-11-24T17:00"], "seconds from 0"),
        (["simulate", "out", "--detections", "--annexes", "1"], "take --layout mall"),
        (["logs", "mainframe"], "known: postgres, s3, ray, http"),
        (["query", "paths", "-p", "shirt"], "'shirt' is not KEY=VALUE"),
        (["query", "paths", "--format", "shapefile"], "there is no format 'shapefile'; known: json, csv"),
        (EVALUATE, "--video or --detections"),
        ([*EVALUATE, "--detections", "detections.txt"], "no-truth.txt"),
        (["evaluate", "tracking"], "or --seeds for a table"),
        (["evaluate", "tracking", "--seeds", "3,x"], "whole numbers with commas between, such as 3,4,5; got '3,x'"),
        (["evaluate", "tracking", "--seeds", "3", "--detections", "d.txt"], "give it alone"),
        (["evaluate", "tracking", "--seeds", "3", "--scene", "street"], "no scene 'street'; known: crowd-1fps"),
        (["simulate", "out", "--detections", "--hidden", "0"], "a share above 0"),
    ],
    ids=lambda given: " ".join(given[:3]) if isinstance(given, list) else "",
)
def test_bad_input_is_one_line(mall: Terminal, arguments: list[str], told: str) -> None:
    assert told in mall.refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["coverage"],
        ["query"],
        ["query", "paths"],
        ["extract", "--from", "2026-11-24T17:00", "--to", "2026-11-24T18:00"],
        ["ingest", "x.mp4", "--camera", "cam1", "--start", "2026-11-24T17:00"],
    ],
    ids=lambda given: given[0],
)
def test_without_services_every_command_says_how_to_start_them(mall: Terminal, arguments: list[str]) -> None:
    assert "mall up" in mall.refused(*arguments)


def test_a_database_that_is_away_is_told_within_seconds(mall: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a program of its own, for what libraries write to stderr."""
    monkeypatch.setenv("MALL_DATABASE_READ", "postgresql://nobody@127.0.0.1:9/mall")
    command = [Path(sys.executable).parent / "mall", "coverage"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert re.fullmatch(r"mall: the database .+\n", ended.stderr)


def test_a_setting_that_cannot_be_used_is_named(mall: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALL_SAMPLE_FPS", "often")
    assert "MALL_SAMPLE_FPS" in mall.refused("status")


def test_status_is_1_while_services_are_down(mall: Terminal) -> None:
    ended = mall("status")
    assert ended.status == 1
    assert "postgres" in ended.out
    assert "stopped" in ended.out


def test_env_can_be_read_by_a_shell(mall: Terminal, tmp_path: Path) -> None:
    ended = mall("env")
    shell = subprocess.run(["bash", "-c", f"{ended.out}\necho $MALL_HOME"], capture_output=True, text=True, check=True)
    assert shell.stdout.strip() == str(tmp_path / ".mall")


def test_loading_a_site_shows_what_changes_and_a_dry_run_changes_nothing(stored: Terminal, tmp_path: Path) -> None:
    assert stored("site", "load", "site.yaml").out == "northgate: 1 floors, 1 sections, 1 cameras: nothing changes\n"
    (tmp_path / "site.yaml").write_text(SITE.replace("[60, 15], [40, 15]", "[60, 20], [40, 20]"))
    for _ in range(2):
        tried = stored("site", "load", "site.yaml", "--dry-run")
        assert "change section food-court" in tried.out
        assert "not loaded (dry run)" in tried.out
    assert stored("site", "load", "site.yaml").out.endswith(": loaded\n")
    assert "nothing changes" in stored("site", "load", "site.yaml").out


def test_a_wrong_site_is_refused_with_its_line(stored: Terminal, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE.replace("floor: 0, polygon", "floor: 7, polygon"))
    assert re.match(r"site.yaml:5: .*floor", stored.refused("site", "load", "site.yaml"))


def test_bad_windows_cameras_and_files_are_one_line(stored: Terminal, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("#EXTM3U\nfile:///etc/passwd\n")
    ingest = ["ingest", "text.mp4", "--camera"]
    for arguments, told in (
        (["coverage", "--from", "yesterday"], "--from: 'yesterday' is not a time"),
        (["coverage", "--from", "2026-10-25T02:30"], "+02:00 or 2026-10-25T02:30:00+01:00"),
        (["coverage", "--from", "2020-02-01T00:00", "--to", "2020-01-01T00:00"], "must end after it starts"),
        (["extract", "--from", "2999-01-01T00:00", "--to", "2999-01-02T00:00"], "in the future"),
        (
            ["extract", "--from", "2020-01-01", "--to", "2020-01-02", "--camera", "cam9"],
            "no camera 'cam9'; known: cam1",
        ),
        (["extract", "--request", "1", "--again"], "give it alone"),
        (["extract", "--request", "of-my-friend"], "not the id of a request"),
        (["extract", "--request", str(uuid4())], "there is no extraction request"),
        ([*ingest, "'; drop table people --", "--start", "2020-01-01"], "there is no camera"),
        ([*ingest, "cam1", "--start", "2999-01-01T00:00"], "future"),
        ([*ingest, "cam1", "--start", "2020-01-01", "--end", "2020-01-02", "--fps", "7"], "not both"),
        ([*ingest, "cam1", "--start", "2020-01-01T00:00"], "text.mp4"),
    ):
        assert told in stored.refused(*arguments)


def test_coverage_of_an_empty_archive_says_how_to_fill_it(stored: Terminal) -> None:
    assert "mall ingest" in stored("coverage").out


def test_something_unexpected_is_one_line_and_its_trace_is_in_the_log(
    mall: Terminal, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = typer.Typer()

    @broken.command()
    def divide() -> None:
        print(1 // 0)  # noqa: T201

    assert run(broken, []) == 1
    assert capsys.readouterr().err.startswith("mall: unexpected ZeroDivisionError: ")
    assert "print(1 // 0)" in (tmp_path / ".mall/logs/mall.log").read_text()


def test_an_interrupted_command_ends_with_130(mall: Terminal) -> None:
    interrupted = typer.Typer()

    @interrupted.command()
    def wait() -> None:
        raise KeyboardInterrupt

    assert run(interrupted, []) == 130


def test_a_reader_that_has_seen_enough_hears_no_complaint() -> None:
    command = f"{Path(sys.executable).parent / 'mall'} evaluate tracking --help | true"
    assert subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stderr == ""


def test_what_is_not_extracted_is_refused_with_the_command_that_extracts_exactly_it() -> None:
    at = datetime(2026, 11, 24, 17, tzinfo=UTC)
    missing = {"cam2": [Window(at, at + timedelta(minutes=1))], "cam1": [Window(at - timedelta(hours=1), at)]}
    assert (
        remedy(NotExtracted(missing))
        == "mall extract --camera cam1 --camera cam2 --from 2026-11-24T16:00:00Z --to 2026-11-24T17:01:00Z"
    )
    many = {f"cam{number}": [Window(at, at + timedelta(minutes=1))] for number in range(1000)}
    assert remedy(NotExtracted(many)) == "mall extract --from 2026-11-24T17:00:00Z --to 2026-11-24T17:01:00Z"


def test_a_parameter_may_be_given_several_times() -> None:
    given = ["from=2026-11-24T17:00+01:00", "attribute=shirt:blue", "attribute=shoes:yes"]
    assert read_parameters(given) == {"from": "2026-11-24T17:00+01:00", "attribute": ["shirt:blue", "shoes:yes"]}
    with pytest.raises(BadInput, match="KEY=VALUE"):
        read_parameters(["=blue"])


def test_bars_are_quiet_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("working") as report:
        report(1, 2)
    assert capsys.readouterr() == ("", "")


def test_an_estimate_is_told_in_five_lines() -> None:
    plan = Plan(10, 36000.0, 12_000_000_000, 3, 10800.0, 1, 3600.0, 7_200_000_000)
    assert in_advance(plan, 1440.0).splitlines() == [
        "recorded      10 segments, 10.00 camera-hours, 12.00 GB",
        "known         3 segments, 3.00 camera-hours",
        "given up      1 segments, 1.00 camera-hours (--again tries them again)",
        "to extract    6 segments, 6.00 camera-hours, 7.20 GB",
        "takes         about 0:24:00 at the rate of the latest extractions",
    ]
    assert "unknown" in in_advance(plan, None)
