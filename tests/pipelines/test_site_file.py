from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.world.errors import BadSite
from models.world.lenses import Lens
from models.world.places import Camera, Floor, Georeference, Point, Section, Site, calibrate, with_homography
from pipelines import site_file

EXAMPLE = """\
site: northgate
time_zone: Europe/Berlin
opening_hours: {mon-sat: "09:00-21:00", sun: closed}
georeference: {lon: 13.3777, lat: 52.5163, rotation_deg: 12.5}
floors:
  - {id: 0, name: Ground floor, outline: [[0, 0], [60, 0], [60, 30], [0, 30]]}
sections:
  - {id: food-court, name: Food court, floor: 0, polygon: [[40, 0], [60, 0], [60, 15], [40, 15]]}
cameras:
  - id: cam1
    floor: 0
    resolution_px: [640, 384]
    frame_rate_hz: 10
    keyframe_interval_s: 1
    calibration:
      points_px: [[12, 370], [610, 365], [420, 120], [200, 118]]
      points_m: [[1.0, 2.0], [9.0, 2.1], [8.0, 14.0], [2.0, 14.2]]
"""


def read(tmp_path: Path, text: str) -> Site:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    return site_file.read(path)


def problems(tmp_path: Path, text: str) -> list[str]:
    """The mistakes found, without the folder."""
    with pytest.raises(BadSite) as caught:
        read(tmp_path, text)
    return [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()]


def test_the_documented_example_is_read(tmp_path: Path) -> None:
    site = read(tmp_path, EXAMPLE)
    assert site.name == "northgate"
    assert site.time_zone == ZoneInfo("Europe/Berlin")
    assert site.opening_hours == {"mon-sat": "09:00-21:00", "sun": "closed"}
    assert site.georeference == Georeference(13.3777, 52.5163, 12.5)
    assert site.floors == (Floor(0, "Ground floor", ((0, 0), (60, 0), (60, 30), (0, 30))),)
    assert site.sections == (Section("food-court", "Food court", 0, ((40, 0), (60, 0), (60, 15), (40, 15))),)
    camera = site.camera("cam1")
    assert (camera.floor, camera.width_px, camera.height_px) == (0, 640, 384)
    assert (camera.frame_rate_hz, camera.keyframe_interval_s) == (10, 1)
    assert camera.calibration.residuals_m().max() < 1e-6


def test_sections_hours_and_georeference_may_be_left_out(tmp_path: Path) -> None:
    lines = EXAMPLE.splitlines(keepends=True)
    site = read(tmp_path, "".join(lines[:2] + lines[4:6] + lines[8:]))
    assert (site.sections, site.opening_hours, site.georeference) == ((), {}, None)


def test_a_homography_does_in_place_of_points(tmp_path: Path) -> None:
    head, _, _ = EXAMPLE.partition("      points_px")
    site = read(tmp_path, head + "      homography: [[2, 0, 1], [0, 2, 1], [0, 0, 2]]\n")
    assert site.camera("cam1").calibration == with_homography(np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]))


def test_a_camera_may_have_no_calibration_yet_or_one_with_a_lens(tmp_path: Path) -> None:
    head, _, _ = EXAMPLE.partition("    calibration")
    assert read(tmp_path, head).camera("cam1").calibration is None
    bent = read(tmp_path, EXAMPLE + "      lens_k1: -0.15\n").camera("cam1").calibration
    assert bent is not None
    assert bent.lens == Lens(-0.15, 640, 384)
    assert bent.residuals_m().max() < 1e-6
    (problem,) = problems(tmp_path, EXAMPLE + "      lens_k1: 3\n")
    assert "lens_k1" in problem or "-0.6" in problem


def test_a_closed_polygon_loses_its_last_corner(tmp_path: Path) -> None:
    closed = EXAMPLE.replace("[60, 30], [0, 30]]", "[60, 30], [0, 30], [0, 0]]")
    assert read(tmp_path, closed) == read(tmp_path, EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("site: northgate", "site: north gate", "1: site: expected letters, digits and hyphens"),
        ("site: northgate", "site: 7", "1: site: expected letters, digits and hyphens, 63 at most, got 7 (put text in"),
        ("site: northgate", "site: \"x'; drop table person\"", "1: site: expected letters, digits and hyphens"),
        ("Europe/Berlin", "Europe/Berlni", "2: time_zone: there is no time zone 'Europe/Berlni'; did you mean 'Europe/Berlin'?"),
        ("Europe/Berlin", "../../etc/passwd", "2: time_zone: there is no time zone"),
        ("Europe/Berlin", "7", "2: time_zone: expected the name of a time zone"),
        ("sun: closed", "sun: maybe", "3: opening_hours: expected hours such as"),
        ("sun: closed", "sat: closed", "3: opening_hours: sat: there twice"),
        ("sun: closed", "son: closed", "3: opening_hours: 'son' is not a day"),
        ("mon-sat", "sat-mon", "3: opening_hours: 'sat-mon' is not a day or a range of days in their order"),
        ("09:00-21:00", "09:00-25:00", "3: opening_hours: expected hours such as"),
        ("lon: 13.3777", "lon: 213", "4: lon: 213 is out of range; expected -180 to 180 degrees"),
        ("lat: 52.5163", "lat: .nan", "4: lat: .nan is out of range"),
        ("lat: 52.5163", "lat: north", "4: lat: expected a number of degrees, got the text 'north'"),
        ("rotation_deg", "rotation", "4: georeference: unknown key 'rotation'; did you mean 'rotation_deg'?"),
        ("[60, 30], [0, 30]]", "[0, 30], [60, 30]]", "6: floor 0: the edges of the polygon cross or touch each other at (30, 15)"),
        ("[[0, 0], [60, 0], [60, 30], [0, 30]]", "[[0, 0], [1, 1], [2, 2]]", "6: floor 0: the corners of the polygon lie on one line"),
        ("[[0, 0], [60, 0], [60, 30], [0, 30]]", "[[0, 0], [1, 1]]", "6: floor 0: a polygon needs at least 3 corners, got 2"),
        ("[[0, 0], [60, 0], [60, 30], [0, 30]]", "here", "6: floor 0: expected a list, got the text 'here'"),
        ("[0, 30]]", "[0, 30, 1]]", "6: floor 0: a point is [x, y] in m, got 3 values"),
        ("[0, 30]]", "[0, 30000]]", "6: floor 0: 30000 is out of range; expected -4000 to 4000 m"),
        ("id: 0,", "id: ground,", "6: floor number 1: expected a whole number, got the text 'ground'"),
        ("id: 0,", "id: 300,", "6: floor number 1: 300 is out of range; expected -128 to 127"),
        ("id: 0, ", "", "6: floor number 1: missing: id"),
        ("name: Ground floor, ", "", "6: floor 0: missing: name"),
        ("name: Ground floor", "name: ''", "6: floor 0: expected text, got the text ''"),
        ("floor: 0, polygon", "floor: 1, polygon", "8: section food-court: there is no floor 1; known: 0"),
        ("[60, 15], [40, 15]", "[61, 15], [40, 15]", "8: section food-court: its corner (61, 15) lies outside floor 0 (Ground floor)"),
        ("polygon:", "poligon:", "8: section food-court: unknown key 'poligon'; did you mean 'polygon'?"),
        ("id: food-court", "id: food court", "8: section number 1: expected an id (letters"),
        ("id: cam1", "id: cam/1", "10: camera number 1: expected an id"),
        ("    floor: 0", "    floor: 2", "11: camera cam1: there is no floor 2; known: 0"),
        ("[640, 384]", "[640]", "12: camera cam1: expected resolution_px: [width, height], got 1 values"),
        ("[640, 384]", "[640, 384.5]", "12: camera cam1: expected a whole number"),
        ("frame_rate_hz: 10", "frame_rate_hz: 0", "13: camera cam1: 0 is out of range; expected 0.01 to 1000 Hz"),
        ("frame_rate_hz: 10", "frame_rate_hz: fast", "13: camera cam1: expected a number of Hz, got the text 'fast'"),
        ("frame_rate_hz: 10", "frame_rate_hz:", "13: camera cam1: expected a number of Hz, got nothing"),
        ("keyframe_interval_s: 1", "keyframe_interval_s: true", "14: camera cam1: expected a number of s, got true"),
        ("[420, 120], [200, 118]]", "[420, 120]]", "16: camera cam1: a calibration needs at least 4 pairs of points; got 3"),
        (
            "[[12, 370], [610, 365], [420, 120], [200, 118]]",
            "[[10, 10], [20, 20], [30, 30], [40, 40]]",
            "16: camera cam1: the points_px of the calibration lie on one line",
        ),
        ("      points_m: ", "      points_cm: ", "16: camera cam1: unknown key"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_reason(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert EXAMPLE.count(old) >= 1
    found = problems(tmp_path, EXAMPLE.replace(old, new, 1))
    assert any(line.startswith(f"site.yaml:{expected}") for line in found) or (
        expected.endswith("unknown key")
        and any("unknown key 'points_cm'; did you mean 'points_m'?" in p for p in found)
    ), found


def test_a_bad_calibration_is_refused_with_its_residual(tmp_path: Path) -> None:
    more = EXAMPLE.replace("[200, 118]]", "[200, 118], [300, 200]]").replace("[2.0, 14.2]]", "[2.0, 14.2], [30, 2]]")
    (problem,) = problems(tmp_path, more)
    assert problem.startswith("site.yaml:16: camera cam1: the calibration misses its points by ")
    assert "at most 0.5 m is accepted" in problem


def test_all_mistakes_are_told_at_once_in_order(tmp_path: Path) -> None:
    text = (
        EXAMPLE.replace("Europe/Berlin", "Mars").replace("sun: closed", "sun: maybe").replace("[640, 384]", "[0, 384]")
    )
    found = problems(tmp_path, text.replace("[61, 15]", "[60, 15]").replace("frame_rate_hz: 10", "frame_rate_hz: -1"))
    assert [int(line.split(":")[1]) for line in found] == [2, 3, 12, 13]


def test_a_wrong_floor_causes_no_complaints_about_what_stands_on_it(tmp_path: Path) -> None:
    assert len(problems(tmp_path, EXAMPLE.replace("[60, 30], [0, 30]]", "[0, 30], [60, 30]]"))) == 1


def test_ids_are_unique(tmp_path: Path) -> None:
    lines = EXAMPLE.splitlines(keepends=True)
    twice = "".join(lines[:6] + lines[5:6] + lines[6:8] + lines[7:8] + lines[8:] + lines[9:])
    assert problems(tmp_path, twice) == [
        "site.yaml:7: floor 0: there is another floor with this id",
        "site.yaml:10: section food-court: there is another section with this id",
        "site.yaml:20: camera cam1: there is another camera with this id",
    ]


def test_a_repeated_key_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, EXAMPLE + "site: southgate\n") == ["site.yaml:18: the key 'site' is there twice"]
    assert "site.yaml:18: camera cam1: the key 'floor' is there twice" in problems(tmp_path, EXAMPLE + "    floor: 0\n")


def test_missing_parts_are_named(tmp_path: Path) -> None:
    assert problems(tmp_path, "site: northgate\n") == ["site.yaml:1: missing: time_zone, floors, cameras"]
    assert problems(tmp_path, EXAMPLE.replace("  - {id: 0,", "  # {id: 0,"))[0].startswith(
        "site.yaml:5: floors: expected a list, got nothing"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "site.yaml: the file is empty"),
        ("just words", "site.yaml:1: expected a mapping"),
        ("- a\n- b\n", "site.yaml:1: expected a mapping (key: value), got a list"),
        ("site: x\n  bad: [\n", "site.yaml:2: not YAML"),
        ("site: 'open\n", "site.yaml:2: not YAML"),
        ("[" * 1200, "site.yaml"),
    ],
)
def test_what_is_not_a_site_file_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text)[0].startswith(expected)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    with pytest.raises(BadSite, match="cannot be read: No such file"):
        site_file.read(path)
    path.write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(BadSite, match=r"site\.yaml: not text in UTF-8"):
        site_file.read(path)


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    evil = EXAMPLE.replace("northgate", '!!python/object/apply:os.system ["touch /tmp/owned"]')
    assert problems(tmp_path, evil) == [
        "site.yaml:1: site: expected letters, digits and hyphens, 63 at most, got a list"
    ]


coordinates = st.floats(-3000, 3000, allow_nan=False).map(lambda x: round(x, 3))
printable = st.characters(categories=("L", "N", "P", "S"), include_characters=" ")
names = st.text(printable, min_size=1, max_size=20).filter(str.strip)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,10}", fullmatch=True)


@st.composite
def boxes(draw: st.DrawFn, inside: tuple[Point, ...] | None = None) -> tuple[Point, ...]:
    """A turned rectangle, or a part of one."""
    if inside is None:
        x, y, width, height, turn = (draw(st.floats(low, 500)) for low in (-500, -500, 1, 1, 0))
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return tuple((float(a), float(b)) for a, b in corners @ rotation.T + [x, y])
    share = draw(st.floats(0.2, 0.9))
    centre = np.mean(inside, axis=0)
    return tuple((float(a), float(b)) for a, b in (np.array(inside) - centre) * share + centre)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    floors = tuple(
        Floor(number, draw(names), draw(boxes()))
        for number in draw(st.lists(st.integers(-128, 127), min_size=1, max_size=3, unique=True))
    )
    sections = tuple(
        Section(name, draw(names), floor.id, draw(boxes(floor.outline)))
        for name in draw(st.lists(ids, max_size=3, unique=True))
        for floor in [draw(st.sampled_from(floors))]
    )
    cameras = tuple(
        Camera(name, draw(st.sampled_from(floors)).id, *draw(sizes), draw(rates), draw(rates), draw(calibrations))
        for name in draw(st.lists(ids, max_size=3, unique=True))
    )
    place = draw(st.none() | st.builds(Georeference, st.floats(-180, 180), st.floats(-85, 85), st.floats(-360, 360)))
    hours = draw(st.sampled_from([{}, {"mon-sun": "00:00-24:00"}, {"fri": "closed", "mon-thu": "10:00-02:00"}]))
    zone = ZoneInfo(draw(st.sampled_from(["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Asia/Kolkata"])))
    return Site(
        draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,20}", fullmatch=True)),
        zone,
        floors,
        sections,
        cameras,
        place,
        hours,
    )


sizes = st.tuples(st.integers(1, 8192), st.integers(1, 8192))
rates = st.floats(0.01, 1000)
SPREAD = [(12.0, 370.0), (610.0, 365.0), (420.0, 120.0), (200.0, 118.0)]
calibrations = st.one_of(
    st.lists(st.floats(-0.4, 0.4), min_size=8, max_size=8).map(
        lambda n: calibrate(
            SPREAD, [(1 + n[0], 2 + n[1]), (9 + n[2], 2 + n[3]), (8 + n[4], 14 + n[5]), (2 + n[6], 14 + n[7])]
        )
    ),
    st.lists(st.floats(-5, 5), min_size=8, max_size=8)
    .map(lambda n: np.array([*n, 1.0]).reshape(3, 3) + np.diag([12, 12, 0]))
    .filter(lambda matrix: abs(np.linalg.det(matrix)) > 1e-9)
    .map(with_homography),
)


@settings(max_examples=60, deadline=None)
@given(site=sites())
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, site: Site) -> None:
    assert all(shapely.Polygon(floor.outline).is_valid for floor in site.floors)
    path = tmp_path_factory.mktemp("sites") / "site.yaml"
    site_file.write(site, path)
    assert site_file.read(path) == site
