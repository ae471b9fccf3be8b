from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from models.world.errors import BadInput
from pipelines import site_file
from pipelines.floor_detections import NOBODY, read_detections, read_identities
from pipelines.simulator.detections import Appearance, Detected, Noise, simulate_detections
from pipelines.simulator.detections.boxes import heights_px
from pipelines.simulator.detections.building import build
from pipelines.simulator.detections.looks import dress
from pipelines.simulator.detections.noise import height_px, misplaced, missed
from pipelines.simulator.detections.scene import Scene
from pipelines.simulator.detections.visitors import mall
from pipelines.simulator.detections.watching import ROW
from pipelines.simulator.output import quiet
from pipelines.simulator.view import View

COLUMNS = ["camera", "frame", "timestamp", "floor", "x_m", "y_m", "height_px", "confidence"]
EXACT = Noise(misses=0, place_m=0, false=0)
HALL = {"people": 8, "minutes": 0.25, "fps": 2.0, "seed": 3}
MALL = {"layout": "mall", "cameras": 24, "people": 150, "minutes": 10, "seed": 3}


@pytest.fixture(scope="module")
def exact_hall(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return read(simulate_detections(tmp_path_factory.mktemp("hall"), noise=EXACT, **HALL))


@pytest.fixture(scope="module")
def noisy_mall(tmp_path_factory: pytest.TempPathFactory) -> Detected:
    looks = Appearance(dimension=32, rank1=0.7)
    return simulate_detections(tmp_path_factory.mktemp("mall"), noise=Noise(false=0.1), looks=looks, **MALL)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return mall(24, 150, 1200, 1.0, np.random.default_rng(4), quiet)


def read(made: Detected) -> pd.DataFrame:
    """Detections with their truth, in the column `id`."""
    load = pd.read_parquet if made.detections.suffix == ".parquet" else pd.read_csv
    return load(made.detections).assign(id=pd.read_csv(made.folder / "truth.csv")["id"])


def test_detections_and_truth_have_the_format_in_which_association_is_measured(noisy_mall: Detected) -> None:
    found = pd.read_parquet(noisy_mall.detections)
    truth = pd.read_csv(noisy_mall.folder / "truth.csv")
    assert list(found) == [*COLUMNS, *(f"e{number}" for number in range(32))]
    assert list(truth) == ["camera", "frame", "row", "id"]
    assert list(truth["row"]) == list(range(len(found))) == list(range(noisy_mall.rows))
    assert (found[["camera", "frame"]].to_numpy() == truth[["camera", "frame"]].to_numpy()).all()
    assert found["timestamp"].is_monotonic_increasing
    assert (found["timestamp"] == found["frame"]).all()
    assert not found.duplicated(["camera", "frame", "x_m", "y_m"]).any()


def test_what_reads_detections_for_their_evaluation_reads_these(noisy_mall: Detected) -> None:
    found = read_detections(noisy_mall.detections)
    identities = read_identities(noisy_mall.folder / "truth.csv", found)
    assert found.embedding.shape == (noisy_mall.rows, 32)
    assert (identities == NOBODY).sum() == noisy_mall.false
    assert len(set(identities) - {NOBODY}) == noisy_mall.people_seen


def test_the_site_knows_every_camera_with_its_floor_and_homography(noisy_mall: Detected) -> None:
    site = site_file.read(noisy_mall.folder / "site.yaml")
    found = read(noisy_mall)
    assert site == noisy_mall.site
    assert len(site.cameras) == 24
    assert found.groupby("camera")["floor"].unique().map(list).to_dict() == {
        camera.id: [camera.floor] for camera in site.cameras if camera.id in set(found["camera"])
    }
    for camera in site.cameras:
        seen = found[(found["camera"] == camera.id) & found["id"].notna()]
        feet = camera.calibration.to_picture(seen[["x_m", "y_m"]].to_numpy())
        assert (np.median(feet, axis=0) < [640, 384]).all()


def test_the_same_arguments_give_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        small = {"layout": "mall", "cameras": 10, "people": 20, "minutes": 2, "seed": seed}
        simulate_detections(tmp_path / name, looks=Appearance(dimension=4), **small)
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert all(content != (tmp_path / "three" / name).read_bytes() for name, content in files.items())


def test_csv_says_the_same_as_parquet(tmp_path: Path) -> None:
    small = {**HALL, "cameras": 2, "looks": Appearance(dimension=2)}
    parquet, csv = (simulate_detections(tmp_path / kind, file_format=kind, **small) for kind in ("parquet", "csv"))
    pd.testing.assert_frame_equal(read(parquet), read(csv), check_dtype=False, atol=1e-3)


def test_the_same_people_walk_the_same_ways_whatever_the_noise(tmp_path: Path, exact_hall: pd.DataFrame) -> None:
    blind = Noise(misses=0.4, burst_s=2, place_m=0, false=0)
    fewer = read(simulate_detections(tmp_path, noise=blind, looks=Appearance(dimension=2), **HALL))
    same = ["camera", "frame", "id", "x_m", "y_m"]
    assert len(fewer.merge(exact_hall, on=same)) == len(fewer) < 0.75 * len(exact_hall)


def test_all_cameras_of_the_hall_see_a_person_at_one_place(exact_hall: pd.DataFrame) -> None:
    places = exact_hall.groupby(["id", "frame"]).agg({"x_m": "nunique", "y_m": "nunique", "camera": "nunique"})
    assert (places[["x_m", "y_m"]] == 1).all(axis=None)
    assert (places["camera"] >= 3).mean() > 0.85
    assert exact_hall["id"].nunique() == 8


def test_cameras_of_the_mall_see_other_parts_of_it_with_gaps_between(noisy_mall: Detected, scene: Scene) -> None:
    true = read(noisy_mall).dropna(subset="id")
    assert (true.groupby(["id", "frame"])["camera"].nunique() > 1).mean() < 0.05
    ways = true.sort_values(["id", "frame"])
    away_s = ways["timestamp"].diff()[(ways["id"] == ways["id"].shift()) & (ways["camera"] != ways["camera"].shift())]
    assert 3 < away_s.median() < 40
    depths = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (watch.area for watch in scene.watches)]
    assert 8 <= min(depths) <= max(depths) <= 14


def test_people_of_the_mall_walk_like_people(scene: Scene) -> None:
    speeds = np.linalg.norm(np.diff(scene.crowd.xy_m, axis=1), axis=2)
    assert np.nanmax(speeds) < 2.1
    assert 1.0 < np.nanmedian(speeds[speeds > 0.3]) < 1.4
    assert 0.2 < np.nanmean(speeds < 0.01) < 0.6


def test_people_change_floors_out_of_sight_and_some_return(scene: Scene) -> None:
    present = np.isfinite(scene.crowd.xy_m[:, :, 0])
    changes = np.diff(scene.crowd.floor, axis=1) != 0
    assert not (changes & present[:, 1:] & present[:, :-1]).any()
    floors = [set(floor[there]) for floor, there in zip(scene.crowd.floor, present, strict=True)]
    assert sum(len(on) == 2 for on in floors) > 20
    assert present.any(axis=1).all()
    away_s = [np.diff(np.nonzero(there)[0]).max(initial=1) for there in present]
    assert 5 < sum(away > 100 for away in away_s) < 60


@pytest.mark.parametrize("cameras", [10, 37, 200])
def test_a_mall_has_as_many_cameras_as_asked_and_none_sees_what_another_sees(cameras: int) -> None:
    building = build(cameras, np.random.default_rng(cameras))
    assert len(building.watches) == cameras
    assert np.isfinite(building.way_m).all()
    areas = [(watch.floor, shapely.box(*watch.area)) for watch in building.watches]
    for (floor, area), (other_floor, other) in combinations(areas, 2):
        assert floor != other_floor or area.intersection(other).area < 0.01


@pytest.mark.parametrize("burst_s", [0.0, 4.0])
def test_misses_are_a_share_and_come_in_bursts(burst_s: float) -> None:
    begins = np.zeros(200_000, dtype=bool)
    begins[::50] = True
    gone = missed(begins, Noise(misses=0.25, burst_s=burst_s), 2.0, np.random.default_rng(1))
    assert gone.mean() == pytest.approx(0.25, abs=0.01)
    unbroken = missed(begins & False, Noise(misses=0.25, burst_s=burst_s), 2.0, np.random.default_rng(1))
    bursts = (np.diff(unbroken.astype(int)) == 1).sum()
    assert unbroken.sum() / bursts == pytest.approx(max(8, 4 / 3) if burst_s else 4 / 3, rel=0.05)


def test_false_detections_are_a_share_and_less_sure(noisy_mall: Detected) -> None:
    found = read(noisy_mall)
    false = found["id"].isna()
    assert false.mean() == pytest.approx(0.1, abs=0.02)
    assert false.sum() == noisy_mall.false
    assert found[false]["confidence"].mean() == pytest.approx(0.3, abs=0.03)
    assert found[~false]["confidence"].mean() == pytest.approx(0.78, abs=0.04)


def test_errors_in_the_picture_are_larger_on_the_floor_the_farther_away() -> None:
    view = View(0.0, 0.0, 4.0, 0.0, 0.5, 380.0)
    for away_m, error_m in ((5.0, 5.0), (15.0, 15.0)):
        true = np.tile([away_m, 0.0], (4000, 1))
        placed = misplaced(true, np.full(len(true), 1.7), view, Noise(place_m=0, foot_px=2), np.random.default_rng(1))
        # A ray that falls steeper by an angle a meets the floor (d^2 + h^2) / h a nearer; a pixel is cos^2 / focal.
        ray = np.arctan2(4.0, away_m) - 0.5
        expected = 2 * np.cos(ray) ** 2 / 380 * (error_m**2 + 16) / 4
        assert (placed - true)[:, 0].std() == pytest.approx(expected, rel=0.05)


def test_errors_in_shares_of_the_height_are_larger_in_the_picture_for_who_is_near() -> None:
    view, noise = View(0.0, 0.0, 4.0, 0.0, 0.5, 380.0), Noise(place_m=0, foot=0.05, height=0.1)
    for away_m in (5.0, 15.0):
        true, random = np.tile([away_m, 0.0], (4000, 1)), np.random.default_rng(1)
        tall = heights_px(true[:1], np.array([1.7]), view)[0]
        placed = misplaced(true, np.full(len(true), 1.7), view, noise, random)
        off_px = view.calibration().to_picture(placed) - view.calibration().to_picture(true)
        assert off_px[:, 0].std() == pytest.approx(0.05 * tall, rel=0.1)
        found = height_px(true, np.full(len(true), 1.7), view, noise, random)
        assert found.std() == pytest.approx(0.1 * tall, rel=0.05)


def test_who_is_hidden_is_missed_and_nobody_else(exact_hall: pd.DataFrame, tmp_path: Path) -> None:
    noise = Noise(misses=0, place_m=0, false=0, hidden=0.5)
    seen = read(simulate_detections(tmp_path, noise=noise, **HALL))
    key = ["camera", "frame", "id"]
    both = exact_hall.merge(seen[key], on=key, how="left", indicator=True)
    missed_rows = both[both["_merge"] == "left_only"]
    assert len(seen) + len(missed_rows) == len(exact_hall)
    assert 0.005 * len(exact_hall) < len(missed_rows) < 0.1 * len(exact_hall)


def test_people_stand_as_tall_in_the_picture_as_they_are(exact_hall: pd.DataFrame) -> None:
    assert exact_hall["height_px"].between(15, 250).all()
    assert exact_hall[["height_px", "confidence"]].corr().iloc[0, 1] > 0.1


def test_embeddings_know_people_from_other_cameras_as_often_as_asked(noisy_mall: Detected) -> None:
    assert noisy_mall.rank1 == pytest.approx(0.7, abs=0.03)
    found = read(noisy_mall).dropna(subset="id").sample(frac=1, random_state=1)
    vectors = found.filter(regex=r"e\d+").to_numpy(np.float32)
    right = []
    for camera in found["camera"].unique():
        asked = ((found["camera"] == camera) & ~found.duplicated(["camera", "id"])).to_numpy()
        others = found[(found["camera"] != camera)].drop_duplicates("id").index
        gallery = found.index.isin(others)
        nearest = (vectors[asked] @ vectors[gallery].T).argmax(axis=1)
        known = found["id"][asked].isin(found["id"][gallery])
        right += list((found["id"].to_numpy()[gallery][nearest] == found["id"][asked])[known])
    assert len(right) > 300
    assert np.mean(right) == pytest.approx(0.7, abs=0.06)


def test_embeddings_of_a_tracklet_are_more_alike_than_those_of_a_person(noisy_mall: Detected) -> None:
    found = read(noisy_mall).dropna(subset="id").sort_values(["id", "frame"], kind="stable")
    vectors = found.filter(regex=r"e\d+").to_numpy(np.float32)
    alike = (vectors[1:] * vectors[:-1]).sum(axis=1)
    person, camera = (found[name].to_numpy()[1:] == found[name].to_numpy()[:-1] for name in ("id", "camera"))
    assert alike[person & camera].mean() > alike[person & ~camera].mean() + 0.1 > alike[~person].mean() + 0.2


def test_a_look_changes_slowly_as_a_person_turns() -> None:
    rows = np.zeros(2000, dtype=ROW)
    rows["turn"] = np.arange(2000) / 1000
    looks = dress(Appearance(dimension=64), 1, 2, 1, np.random.default_rng(1))
    vectors = looks.of(rows, np.random.default_rng(2))
    soon, late = (float((vectors[:-step] * vectors[step:]).sum(axis=1).mean()) for step in (100, 1500))
    assert soon > late + 0.2


def test_people_in_uniform_look_nearly_alike() -> None:
    people = dress(Appearance(dimension=64, uniforms=0.3), 20, 2, 1, np.random.default_rng(1)).people
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    alike = people @ people.T > 0.9
    assert sorted(alike.sum(axis=1)) == [1] * 14 + [6] * 6


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"layout": "maze"}, "no layout 'maze'; known: overlapping, mall"),
        ({"file_format": "xlsx"}, "no format 'xlsx'; known: parquet, csv"),
        ({"layout": "mall", "cameras": 9}, "at least 10 cameras; got 9"),
        ({"cameras": 0}, "at least 1 camera; got 0"),
        ({"cameras": 1, "looks": Appearance(dimension=8)}, "at least 2 of them; got 1"),
        ({"people": 0}, "at least 1 person; got 0"),
        ({"minutes": float("nan")}, "more than 0 .* got nan"),
        ({"fps": 0.0}, "more than 0 .* got 0"),
    ],
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, wrong: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        simulate_detections(tmp_path / "new", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Noise, {"misses": 1.0}),
        (Noise, {"false": -0.1}),
        (Noise, {"burst_s": float("nan")}),
        (Noise, {"hidden": 0.0}),
        (Noise, {"foot": -0.1}),
        (Noise, {"height": float("nan")}),
        (Noise, {"place_m": -1.0}),
        (Appearance, {"dimension": 1}),
        (Appearance, {"rank1": 1.0}),
        (Appearance, {"uniforms": 2.0}),
    ],
)
def test_impossible_noise_and_looks_are_refused(kind: type, wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=r"got|or more"):
        kind(**wrong)
