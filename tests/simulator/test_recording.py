import csv
import hashlib
import itertools
from datetime import datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from models.world.attributes import DEFINED
from models.world.errors import BadInput
from pipelines import site_file, truth
from pipelines.simulator import Simulated, simulate
from tests.simulator.conftest import START


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        simulate(tmp_path / name, cameras=1, people=4, minutes=0.02, seed=seed, start=START)
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert _digests(first.folder) == _digests(again.folder)
    assert all(_digests(first.folder)[name] != digest for name, digest in _digests(other.folder).items())


def test_the_folder_is_laid_out_as_the_contract_says(recorded: Simulated) -> None:
    files = {str(path.relative_to(recorded.folder)) for path in recorded.folder.rglob("*") if path.is_file()}
    videos, boxes = {"video/cam1.mp4", "video/cam2.mp4"}, {"truth/cam1.txt", "truth/cam2.txt"}
    assert files == videos | boxes | {"site.yaml", "truth/paths.csv", "truth/attributes.csv"}
    assert recorded.window.start == START
    assert recorded.window.seconds == pytest.approx(7.2)


def test_video_is_h264_at_10_fps_with_a_keyframe_each_second_and_no_b_frames(recorded: Simulated) -> None:
    for path in recorded.videos.values():
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
            assert stream.codec_context.name == "h264"
            assert (stream.width, stream.height, stream.average_rate) == (640, 384, 10)
        times = [float(packet.pts * packet.time_base) for packet in packets]
        assert times == pytest.approx(np.arange(72) / 10)
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
        assert [time for time, packet in zip(times, packets, strict=True) if packet.is_keyframe] == [*range(8)]


def test_every_decoded_frame_is_of_the_type_that_needs_no_later_one(recorded: Simulated) -> None:
    with av.open(str(recorded.videos["cam1"])) as container:
        kinds = [PictureType(frame.pict_type).name for frame in container.decode(video=0)]
    assert len(kinds) == 72
    assert set(kinds) == {"I", "P"}


def test_the_index_comes_before_the_pictures(recorded: Simulated) -> None:
    content = recorded.videos["cam1"].read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_true_boxes_stand_where_the_calibration_says(recorded: Simulated) -> None:
    for camera in recorded.site.cameras:
        rows = _boxes(recorded, camera.id)
        bottom = rows[:, 3] + rows[:, 5]
        whole = (rows[:, 6] > 0.99) & (bottom < camera.height_px - 1)
        feet = np.column_stack([rows[:, 2] + rows[:, 4] / 2, bottom])[whole]
        off = np.linalg.norm(camera.calibration.to_floor(feet) - rows[whole, 7:9], axis=1)
        assert whole.sum() > 100
        assert off.max() < 0.7
        assert np.median(off) < 0.3


def test_true_boxes_carry_the_positions_of_the_paths(recorded: Simulated) -> None:
    positions = {(person, taken_at): (x, y) for person, taken_at, x, y in _paths(recorded)}
    for camera in recorded.site.cameras:
        for row in _boxes(recorded, camera.id):
            taken_at = START + timedelta(seconds=(row[0] - 1) / 10)
            assert positions[int(row[1]), taken_at] == pytest.approx(row[7:9])


def test_paths_hold_every_frame_of_a_stay(recorded: Simulated) -> None:
    times: dict[int, list[datetime]] = {}
    for person, taken_at, _, _ in _paths(recorded):
        times.setdefault(person, []).append(taken_at)
    for stay in times.values():
        assert {after - before for before, after in itertools.pairwise(stay)} <= {timedelta(seconds=0.1)}


def test_the_truth_names_every_attribute_of_everybody(recorded: Simulated) -> None:
    with (recorded.folder / "truth/attributes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["person"], row["key"]) for row in rows] == [(str(n), key) for n in range(1, 9) for key in DEFINED]
    assert all(row["value"] in DEFINED[row["key"]] for row in rows)


def test_the_truth_can_be_read_back(recorded: Simulated) -> None:
    people = truth.read(recorded.folder, recorded.site, recorded.window.start)
    assert 1 <= len(people) <= 8
    assert all(set(person.attributes) == set(DEFINED) for person in people)


def test_the_site_file_reads_back_as_the_site_with_cameras_calibrated_to_a_millimetre(recorded: Simulated) -> None:
    site = site_file.read(recorded.folder / "site.yaml")
    assert site == recorded.site
    assert site.section("food-court").floor == 0
    assert all(camera.calibration.residuals_m().max() < 0.001 for camera in site.cameras)


def test_a_mall_without_people_is_filmed_too(tmp_path: Path) -> None:
    empty = simulate(tmp_path, cameras=1, people=0, minutes=0.01, start=START)
    assert (empty.folder / "truth/cam1.txt").read_text() == ""
    assert (empty.folder / "truth/paths.csv").read_text() == "person,floor,taken_at,x_m,y_m\n"


def test_the_camera_of_an_annexe_is_numbered_after_those_of_the_hall(tmp_path: Path) -> None:
    mall = simulate(tmp_path, cameras=1, annexes=1, people=1, minutes=0.01, start=START)
    assert list(mall.videos) == [camera.id for camera in mall.site.cameras] == ["cam1", "cam2"]
    assert all(video.stat().st_size > 1000 for video in mall.videos.values())
    assert site_file.read(mall.folder / "site.yaml") == mall.site


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    shares: list[float] = []
    simulate(tmp_path, cameras=1, people=1, minutes=0.01, start=START, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cameras": 0}, "at least 1 camera; got 0"),
        ({"annexes": -1}, "annexes is 0 or more; got -1"),
        ({"people": -1}, "people is 0 or more; got -1"),
        ({"minutes": 0.0}, "more than 0 .* got 0"),
        ({"minutes": float("nan")}, "more than 0 .* got nan"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, int], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        simulate(tmp_path / "mall", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "mall").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty; name a new one"):
        simulate(tmp_path, cameras=1, people=1, minutes=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"cannot be written .* name another one"):
        simulate(tmp_path / "file/mall", cameras=1, people=1, minutes=0.01)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _boxes(recorded: Simulated, camera: str) -> np.ndarray:
    return np.loadtxt(recorded.folder / f"truth/{camera}.txt", delimiter=",", ndmin=2)


def _paths(recorded: Simulated) -> list[tuple[int, datetime, float, float]]:
    with (recorded.folder / "truth/paths.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (int(row["person"]), datetime.fromisoformat(row["taken_at"]), float(row["x_m"]), float(row["y_m"]))
        for row in rows
    ]
