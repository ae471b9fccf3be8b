"""Video of a mall of several floors, seen here and there."""

import csv
import hashlib
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from models.world.errors import BadInput
from pipelines import site_file
from pipelines.simulator import Simulated, simulate_mall
from tests.simulator.conftest import START

STEP = timedelta(seconds=0.5)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """24 cameras on two floors, 40 seconds."""
    folder: Path = tmp_path_factory.mktemp("southgate")
    return simulate_mall(folder, cameras=24, people=60, minutes=2 / 3, seed=4, start=START)


def sightings(filmed: Simulated) -> dict[str, np.ndarray]:
    """Rows of each camera's truth: frame, person, box, share shown, place."""
    files = {camera.id: filmed.folder / f"truth/{camera.id}.txt" for camera in filmed.site.cameras}
    return {key: np.loadtxt(file, delimiter=",", ndmin=2) for key, file in files.items() if file.stat().st_size}


def test_two_floors_are_filmed_twice_a_second_and_every_picture_can_be_looked_at_alone(filmed: Simulated) -> None:
    assert filmed.site == site_file.read(filmed.folder / "site.yaml")
    assert Counter(camera.floor for camera in filmed.site.cameras).keys() == {0, 1}
    assert filmed.window.seconds == 40
    for path in list(filmed.videos.values())[:3]:
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        assert [float(packet.pts * packet.time_base) for packet in packets] == [frame / 2 for frame in range(80)]
        assert all(packet.is_keyframe for packet in packets)


def test_people_stand_where_calibration_and_paths_say_on_the_floor_of_the_camera(filmed: Simulated) -> None:
    with (filmed.folder / "truth/paths.csv").open(newline="") as file:
        where = {
            (int(row["person"]), datetime.fromisoformat(row["taken_at"])): (
                int(row["floor"]),
                float(row["x_m"]),
                float(row["y_m"]),
            )
            for row in csv.DictReader(file)
        }
    off_m = []
    for key, rows in sightings(filmed).items():
        camera = filmed.site.camera(key)
        for frame, person, left, top, width, height, shown, x_m, y_m in rows[:, :9]:
            assert where[int(person), START + (int(frame) - 1) * STEP] == (camera.floor, x_m, y_m)
            if shown > 0.99 and top + height < camera.height_px - 1:
                feet = camera.calibration.to_floor(np.array([[left + width / 2, top + height]]))
                off_m.append(float(np.linalg.norm(feet - [x_m, y_m])))
    assert len(off_m) > 100
    assert np.median(off_m) < 0.3


def test_hardly_anybody_is_seen_by_two_cameras_at_once_and_many_by_one_after_another(filmed: Simulated) -> None:
    seen = {(key, int(frame), int(person)) for key, rows in sightings(filmed).items() for frame, person in rows[:, :2]}
    at_once = Counter((frame, person) for _, frame, person in seen)
    assert np.mean([cameras > 1 for cameras in at_once.values()]) < 0.1
    assert sum(cameras > 1 for cameras in Counter(person for _, person in {(k, p) for k, _, p in seen}).values()) >= 3


def test_the_same_seed_gives_the_same_video(tmp_path: Path) -> None:
    first, again = (
        simulate_mall(tmp_path / name, cameras=10, people=4, minutes=0.02, seed=1, start=START)
        for name in ("first", "again")
    )
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in one.folder.rglob("*") if path.is_file()}
        for one in (first, again)
    ]
    assert digests[0] == digests[1]


@pytest.mark.parametrize("wrong", [{"cameras": 9}, {"people": 0}, {"minutes": 0.0}])
def test_numbers_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput, match=str(next(iter(wrong.values())))):
        simulate_mall(tmp_path / "mall", **wrong)
