from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.world.errors import BadEvaluationFile
from models.world.places import Camera, Floor, Site, with_homography
from pipelines import truth

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
SITE = Site(
    "northgate",
    ZoneInfo("Europe/Berlin"),
    (Floor(0, "Ground", ((0, 0), (60, 0), (60, 30), (0, 30))),),
    (),
    tuple(Camera(f"cam{n}", 0, 640, 384, 10.0, 1.0, with_homography(np.eye(3))) for n in (1, 2)),
)


def write_truth(folder: FilePath, seen: dict[str, list[tuple[str, range]]]) -> None:
    """Two people who walk 1 m/s along x for 20 s from the start, each seen by the cameras in the given frames."""
    (folder / "truth").mkdir()
    moments = [(n / 10, (START + timedelta(seconds=n / 10)).isoformat()) for n in range(201)]
    rows = [f"{person},0,{taken_at},{s},{5 * int(person)}" for person in "12" for s, taken_at in moments]
    (folder / "truth/paths.csv").write_text("\n".join(["person,floor,taken_at,x_m,y_m", *rows]))
    (folder / "truth/attributes.csv").write_text("person,key,value\n1,shirt,blue\n2,shirt,red\n")
    for camera in ("cam1", "cam2"):
        lines = [f"{f},{who},0,0,9,9,1,0,0,0" for who, frames in seen.get(camera, []) for f in frames]
        (folder / f"truth/{camera}.txt").write_text("\n".join(lines))


def test_a_person_exists_only_while_a_camera_sees_them(tmp_path: FilePath) -> None:
    write_truth(tmp_path, {"cam1": [("1", range(1, 62))], "cam2": [("1", range(101, 152))]})
    (person,) = truth.read(tmp_path, SITE, START)
    times, xy_m = truth.positions(person, START.timestamp() + np.arange(0.0, 21.0), step_s=0.1)
    assert (times - START.timestamp()).tolist() == [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15]
    np.testing.assert_allclose(xy_m[:, 0], times - START.timestamp())
    assert person.distance_m == pytest.approx(15)
    assert person.attributes == {"shirt": "blue"}


def test_who_is_seen_for_less_than_five_seconds_is_left_out(tmp_path: FilePath) -> None:
    write_truth(tmp_path, {"cam1": [("1", range(1, 52)), ("2", range(1, 50))]})
    assert [person.id for person in truth.read(tmp_path, SITE, START)] == ["1"]


def test_people_are_counted_where_they_stand_at_the_moment(tmp_path: FilePath) -> None:
    write_truth(tmp_path, {"cam1": [("1", range(1, 200)), ("2", range(1, 200))]})
    people = truth.read(tmp_path, SITE, START)
    left, lower_left = ((0, 0), (10.5, 0), (10.5, 30), (0, 30)), ((0, 0), (10.5, 0), (10.5, 7), (0, 7))
    assert truth.people_in(people, left, 0, START.timestamp() + 10) == 2
    assert truth.people_in(people, lower_left, 0, START.timestamp() + 10) == 1
    assert truth.people_in(people, left, 0, START.timestamp() + 11) == 0
    assert truth.people_in(people, left, 1, START.timestamp() + 10) == 0


def test_a_missing_or_foreign_file_is_refused_by_name(tmp_path: FilePath) -> None:
    with pytest.raises(BadEvaluationFile, match=r"paths\.csv cannot be read"):
        truth.read(tmp_path, SITE, START)
    write_truth(tmp_path, {})
    (tmp_path / "truth/attributes.csv").write_text("who,what\n")
    with pytest.raises(BadEvaluationFile, match=r"attributes\.csv: the first line is"):
        truth.read(tmp_path, SITE, START)
