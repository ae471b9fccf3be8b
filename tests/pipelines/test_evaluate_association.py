import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.world.errors import BadEvaluationFile
from pipelines import floor_detections, scoring
from pipelines.evaluate_association import evaluate_association
from pipelines.floor_detections import NOBODY

HEADER = "camera,frame,timestamp,floor,x_m,y_m,height_px,confidence"
GOOD = "a,0,0.0,0,1.0,2.0,150,0.9"


def crossing_halls(folder: Path, *, embedding: bool = False) -> tuple[Path, Path]:
    """Two halls, one seen by two cameras and one by one; in each, two people walk past each other three metres apart."""
    random, rows, truth = np.random.default_rng(5), [], []
    looks = np.eye(4)
    for frame in range(40):
        for hall, cameras in (("ground", ("a", "b")), ("upper", ("c",))):
            for person, (y_m, speed) in enumerate(((2.0, 1.0), (5.0, -1.0))):
                number = 2 * (hall == "upper") + person
                for camera in cameras:
                    x_m = 20 + speed * (frame - 20)
                    place = np.array([x_m, y_m]) + random.normal(0, 0.1, 2)
                    axes = (
                        "".join(f",{value:.3f}" for value in looks[number] + random.normal(0, 0.1, 4))
                        if embedding
                        else ""
                    )
                    rows.append(f"{camera},{frame},{frame}.0,{hall},{place[0]:.3f},{place[1]:.3f},150,0.9{axes}")
                    truth.append(f"{camera},{frame},{len(truth)},{number}")
    header = HEADER + (",e0,e1,e2,e3" if embedding else "")
    (folder / "d.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "g.csv").write_text("\n".join(["camera,frame,row,id", *truth]) + "\n")
    return folder / "d.csv", folder / "g.csv"


def evaluated(folder: Path, detections: Path, truth: Path | None) -> dict[str, float]:
    result = evaluate_association(
        detections=detections, ground_truth=truth, tracks_out=folder / "t.csv", json_out=folder / "s.json"
    )
    assert json.loads((folder / "s.json").read_text()) == result
    return result  # type: ignore[return-value]


@pytest.mark.parametrize("embedding", [False, True])
def test_people_who_are_easy_to_tell_apart_have_one_id_over_cameras(tmp_path: Path, embedding: bool) -> None:
    detections, truth = crossing_halls(tmp_path, embedding=embedding)
    result = evaluated(tmp_path, detections, truth)
    assert (result["idf1_1m"], result["mota_1m"], result["hota_1m"]) == (100, 100, 100)
    assert (result["ids"], result["true_ids"], result["id_switches"]) == (4, 4, 0)
    assert (result["sample_fps"], result["video_s"], result["frames_used"]) == (1, 39, 120)


def test_every_row_is_given_once_in_the_order_of_the_detections(tmp_path: Path) -> None:
    detections, truth = crossing_halls(tmp_path)
    evaluated(tmp_path, detections, truth)
    lines = [line.split(",") for line in (tmp_path / "t.csv").read_text().splitlines()]
    given = [line.split(",")[:2] for line in detections.read_text().splitlines()[1:]]
    assert lines[0] == ["camera", "frame", "row", "id"]
    assert [line[:2] for line in lines[1:]] == given
    assert [int(line[2]) for line in lines[1:]] == list(range(len(given)))


def upstairs_and_back(folder: Path) -> tuple[Path, Path]:
    """Ten people, one after the other, before a camera, two minutes later before one upstairs, then before the first again."""
    random, rows, truth = np.random.default_rng(7), [], []
    for person in range(10):
        looks = np.eye(10)[person]
        for camera, floor, start_s in (("a", "0", 0), ("b", "1", 120), ("a", "0", 260)):
            visit = looks + random.normal(0, 0.1, 10)
            for step in range(12):
                time_s = start_s + 12 * person + step
                axes = "".join(f",{value:.3f}" for value in visit + random.normal(0, 0.1, 10))
                rows.append(f"{camera},{time_s},{time_s}.0,{floor},{step},{random.normal(0, 0.1):.3f},150,0.9{axes}")
                truth.append(f"{camera},{time_s},{len(truth)},{person}")
    header = HEADER + "".join(f",e{axis}" for axis in range(10))
    (folder / "d.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "g.csv").write_text("\n".join(["camera,frame,row,id", *truth]) + "\n")
    return folder / "d.csv", folder / "g.csv"


def test_people_keep_their_id_over_floors_and_minutes_out_of_view(tmp_path: Path) -> None:
    result = evaluated(tmp_path, *upstairs_and_back(tmp_path))
    assert (result["idf1_1m"], result["ids"], result["true_ids"]) == (100, 10, 10)


def test_without_a_truth_there_are_identities_and_no_scores(tmp_path: Path) -> None:
    detections, _ = crossing_halls(tmp_path)
    result = evaluated(tmp_path, detections, None)
    assert (result["idf1_1m"], result["true_ids"], result["ids"]) == (None, None, 4)


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    detections, _ = crossing_halls(tmp_path)
    evaluated(tmp_path, detections, None)
    straight = [line.split(",")[3] for line in (tmp_path / "t.csv").read_text().splitlines()[1:]]
    header, *rows = detections.read_text().splitlines()
    order = np.random.default_rng(1).permutation(len(rows))
    detections.write_text("\n".join([header, *(rows[i] for i in order)]) + "\n")
    evaluated(tmp_path, detections, None)
    shuffled = [line.split(",")[3] for line in (tmp_path / "t.csv").read_text().splitlines()[1:]]
    assert shuffled == [straight[i] for i in order]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read"),
        (HEADER + "\n", "not a single row"),
        ("camera,frame\na,0\n", "the columns timestamp, floor"),
        (f"{HEADER},e0,e2\n{GOOD},1,2\n", "without a gap"),
        (f"{HEADER},e0,e1\n{GOOD},1,2\n{GOOD},1\n", "cannot be read"),
        (f"{HEADER},e0\n{GOOD},1\na,1,1.0,0,1.0,2.0,150,0.9,\n", "row 1: e0 must be a finite number"),
        (f"{HEADER}\n{GOOD}\na,1,1.0,0,far,2.0,150,0.9\n", "x_m must be numbers"),
        (f"{HEADER}\n{GOOD}\na,1,1.0,0,1.0,2.0,150,1.9\n", "row 1: confidence must be 0 to 1; got 1.9"),
        (f"{HEADER}\n{GOOD}\na,1,1.0,0,1.0,2.0,0,0.9\n", "row 1: height_px must be above 0"),
        (f"{HEADER}\n{GOOD}\na,1,1.0,1,1.0,2.0,150,0.9\n", "the camera a is on two floors"),
        (f"{HEADER}\n{GOOD}\n{GOOD}\n", "row 1: the same detection"),
        (f"{HEADER}\n{GOOD}\na,0,1.0,0,1.0,2.0,150,0.9\n", "one timestamp"),
        (f"{HEADER}\n{GOOD}\na,1,0.0,0,1.0,2.0,150,0.9\n", "rise with its frames"),
    ],
)
def test_detections_that_do_not_fit_are_refused_with_the_place_and_the_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(BadEvaluationFile, match=reason):
        evaluated(tmp_path, tmp_path / "d.csv", None)


@pytest.mark.parametrize("rows", ["a,0,0,1", "a,0,0,1\na,0,0,1", "a,0,1,1\na,0,2,1"])
def test_a_truth_for_other_rows_is_refused(tmp_path: Path, rows: str) -> None:
    (tmp_path / "d.csv").write_text(f"{HEADER}\n{GOOD}\nb,0,0.0,0,1.0,2.0,150,0.9\n")
    (tmp_path / "g.csv").write_text(f"camera,frame,row,id\n{rows}\n")
    with pytest.raises(BadEvaluationFile, match="each of the 2 rows of the detections once"):
        evaluated(tmp_path, tmp_path / "d.csv", tmp_path / "g.csv")


def test_a_file_written_is_read_as_it_was(tmp_path: Path) -> None:
    detections, truth = crossing_halls(tmp_path)
    given = floor_detections.read_detections(detections)
    identity = floor_detections.read_identities(truth, given)
    identity[3] = NOBODY
    floor_detections.write_identities(tmp_path / "copy.csv", given, identity)
    assert np.array_equal(floor_detections.read_identities(tmp_path / "copy.csv", given), _numbered(identity))


def _numbered(identity: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ids numbered in the order in which they come first, empty ones counted too, as a reader numbers them."""
    words, first = np.unique(identity, return_index=True)
    rank = {word: number for number, word in enumerate(words[np.argsort(first)].tolist())}
    return np.array([NOBODY if one == NOBODY else rank[one] for one in identity.tolist()])


IDS = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=3, max_size=60)


@settings(max_examples=50, deadline=None)
@given(IDS)
def test_rows_are_scored_as_trackeval_does_with_a_frame_for_each(pairs: list[tuple[int, int]]) -> None:
    truth, found = np.array([(0, 0), *pairs]).T.astype(np.int64)
    rows = np.arange(len(truth))

    def marks(ids: NDArray[np.int64]) -> scoring.Marks:
        real = ids != NOBODY
        return scoring.Marks(rows[real], ids[real], np.zeros((real.sum(), 2)))

    padded = [np.append(ids, 9) for ids in (truth, found)]  # so that the last frame of the truth is the last of all
    rows = np.arange(len(padded[0]))
    known, ours = scoring.on_floor(marks(padded[0]), marks(padded[1])), scoring.of_rows(*padded, rows, NOBODY)
    assert (ours.idf1, ours.mota, ours.hota, ours.id_switches) == pytest.approx(
        (known.idf1, known.mota, known.hota, known.id_switches)
    )
