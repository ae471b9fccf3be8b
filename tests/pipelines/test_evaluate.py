import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.vision.detector import Detections
from models.vision.pictures import Bytes, Picture
from models.world.errors import BadEvaluationFile
from pipelines import decode, evaluate, scoring
from pipelines.evaluate import evaluate_tracking
from pipelines.scoring import Marks
from tests.pipelines import videos
from tests.vision.walks import CAMERA, boxes_of, crowd

PETS = Path(__file__).parents[2].parent / "shared/data/pets"
KEYS = [
    "idf1_1m",
    "hota_1m",
    "mota_1m",
    "idf1_box",
    "hota_box",
    "mota_box",
    "id_switches",
    "ids",
    "true_ids",
    "sample_fps",
    "frames_used",
    "video_s",
    "core_s",
]
FPS = 5.0


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    """A minute of five people at 5 fps, as ground truth and as detections, and where the results go."""
    ways = crowd(5, 300, seed=1, step_s=1 / FPS)
    rng, truth, found = np.random.default_rng(2), [], []
    for person, way in enumerate(ways):
        boxes = boxes_of(way, 1.6 + 0.05 * person)
        boxes[:, 2:] -= boxes[:, :2]
        for frame, (box, (x, y)) in enumerate(zip(boxes, way, strict=True), 1):
            truth.append(f"{frame},{person + 7},{line(box)},1,{x:.4f},{y:.4f},0")
            found.append(f"{frame},-1,{line(box + rng.normal(0, 0.01, 4) * box[3])},0.9,-1,-1,-1")
    (tmp_path / "gt.txt").write_text("\n".join(truth) + "\n")
    (tmp_path / "det.txt").write_text("\n".join(found) + "\n")
    np.savetxt(tmp_path / "homography.txt", CAMERA.matrix)
    return {
        "detections": tmp_path / "det.txt",
        "ground_truth": tmp_path / "gt.txt",
        "homography": tmp_path / "homography.txt",
        "fps": FPS,
        "sample_fps": 1.0,
        "tracks_out": tmp_path / "tracks.csv",
        "json_out": tmp_path / "scores.json",
    }


def line(box: NDArray[np.float64]) -> str:
    return ",".join(f"{edge:.2f}" for edge in box)


def test_given_detections_are_tracked_scored_and_written(files: dict[str, Any]) -> None:
    result = evaluate_tracking(**files, phase=2)
    assert list(result) == KEYS
    assert json.loads(files["json_out"].read_text()) == result
    assert result["idf1_1m"] > 80
    assert (result["true_ids"], result["sample_fps"], result["frames_used"], result["video_s"]) == (5, 1.0, 60, 60.0)
    assert 0 < result["core_s"] < 60


def test_tracks_have_one_row_for_each_frame_in_which_a_person_exists(files: dict[str, Any]) -> None:
    evaluate_tracking(**files)
    text = files["tracks_out"].read_text().splitlines()
    assert text[0] == "frame,id,left,top,width,height,x_m,y_m"
    rows = np.array([[float(word) for word in row.split(",")] for row in text[1:]])
    for person in np.unique(rows[:, 1]):
        assert (np.diff(rows[rows[:, 1] == person, 0]) == 1).all()
    assert rows[:, 0].min() == 1
    assert (np.diff(rows[:, 0]) >= 0).all()


def test_twice_the_same_input_gives_the_same_tracks(files: dict[str, Any]) -> None:
    evaluate_tracking(**files)
    once = files["tracks_out"].read_bytes()
    evaluate_tracking(**files)
    assert files["tracks_out"].read_bytes() == once


def test_a_truth_without_floor_positions_has_null_floor_scores(files: dict[str, Any]) -> None:
    rows = [row.split(",") for row in files["ground_truth"].read_text().splitlines()]
    files["ground_truth"].write_text("\n".join(",".join([*row[:7], "-1", "-1", "-1"]) for row in rows))
    result = evaluate_tracking(**files)
    assert (result["idf1_1m"], result["hota_1m"], result["mota_1m"]) == (None, None, None)
    assert result["idf1_box"] > 50


def test_no_detections_that_can_be_used_score_nothing(files: dict[str, Any]) -> None:
    files["detections"].write_text("1,-1,10,10,20,40,0.05,-1,-1,-1\n")
    result = evaluate_tracking(**files)
    assert (result["idf1_1m"], result["mota_1m"], result["ids"]) == (0, 0, 0)
    assert files["tracks_out"].read_text() == "frame,id,left,top,width,height,x_m,y_m\n"


def test_an_unknown_confidence_counts_as_sure(files: dict[str, Any]) -> None:
    files["detections"].write_text(files["detections"].read_text().replace(",0.9,", ",-1,"))
    assert evaluate_tracking(**files)["ids"] > 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("detections", "", "detections file is empty"),
        ("detections", "1,-1,1,2,3,4,0.5,-1,-1,-1\n1,-1,x,2,3,4,0.5,-1,-1,-1\n", "line 2: expected numbers"),
        ("detections", "1,-1,1,2,nan,4,0.5\n", "line 1: expected 6 to 10 finite"),
        ("detections", "1,-1,1,2\n", "line 1: expected 6 to 10 finite"),
        ("detections", "0,-1,1,2,3,4,0.5\n", "line 1: frame"),
        ("detections", "1,-1,1,2,0,4,0.5\n", "line 1: width and height"),
        ("ground_truth", "frame,id,left,top,width,height\n", "line 1: expected numbers"),
        ("ground_truth", "1,4,1,2,3,4,1\n1,4,1,2,3,4,1\n", "line 2: person 4 is in frame 1 twice"),
        ("ground_truth", "1,4,1,2,3,4,0\n", "every line is flagged 0"),
        ("homography", "1 0 0\n0 1 0\n", "three rows of three"),
        ("homography", "1 0 0\n0 1 0\n0 1\n", "three rows of three"),
        ("homography", "1 0 0\n1 0 0\n0 0 1\n", "invertible"),
        ("homography", "one\n", "three rows of three"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(files: dict[str, Any], name: str, content: str, message: str) -> None:
    files[name].write_text(content)
    with pytest.raises(BadEvaluationFile, match=message) as refused:
        evaluate_tracking(**files)
    assert str(files[name]) in str(refused.value)


@pytest.mark.parametrize("name", ["detections", "ground_truth", "homography"])
def test_a_missing_or_binary_file_is_named(files: dict[str, Any], name: str, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    for path in (tmp_path / "nowhere", binary):
        with pytest.raises(BadEvaluationFile, match="cannot be read as text"):
            evaluate_tracking(**files | {name: path})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 0.0}, "--fps must be"),
        ({"fps": float("nan")}, "--fps must be"),
        ({"sample_fps": -1.0}, "--sample-fps must be"),
        ({"phase": 5}, "--phase must be 0 to 4"),
        ({"phase": -1}, "--phase must be 0 to 4"),
        ({"detections": None}, "either --video or --detections"),
        ({"video": Path("x.mp4")}, "either --video or --detections"),
        ({"weights": "yolov8n.pt"}, "--weights is for --video"),
        ({"reidentification": "colours"}, "--reidentification is for --video"),
        ({"detections": None, "video": Path("nowhere.mp4")}, "nowhere.mp4: there is no such file"),
    ],
)
def test_options_that_do_not_fit_are_refused(files: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadEvaluationFile, match=message):
        evaluate_tracking(**files | options)


@pytest.mark.parametrize(("asked", "stride"), [(1.0, 7), (2.0, 4), (100.0, 1), (None, 1)])
def test_every_nth_frame_is_taken(asked: float | None, stride: int) -> None:
    assert evaluate.sampled(7.0, asked, 0).stride == stride


def test_who_swaps_half_way_is_scored_as_by_hand() -> None:
    frame, person = np.repeat([1, 2, 3, 4], 2), np.tile([10, 20], 4)
    places = np.tile([[0.0, 0.0], [5.0, 5.0]], (4, 1))
    swapped = np.where(frame > 2, 30 - person, person)
    scores = scoring.on_floor(Marks(frame, person, places), Marks(frame, swapped, places))
    assert scores.idf1 == pytest.approx(50)
    assert scores.mota == pytest.approx(75)
    assert scores.id_switches == 2
    assert scores.hota == pytest.approx(100 * np.sqrt(1 / 3))


@pytest.mark.parametrize(("away_m", "idf1"), [(0.99, 100), (1.01, 0)])
def test_a_metre_is_the_limit_of_a_match(away_m: float, idf1: float) -> None:
    truth = Marks(np.array([1, 2]), np.array([1, 1]), np.zeros((2, 2)))
    found = Marks(truth.frame, truth.id, np.array([[away_m, 0.0]] * 2))
    assert scoring.on_floor(truth, found).idf1 == pytest.approx(idf1)


@pytest.mark.parametrize(("shift_px", "idf1"), [(3.2, 100), (3.5, 0)])
def test_half_an_overlap_is_the_limit_of_a_match_in_the_picture(shift_px: float, idf1: float) -> None:
    truth = Marks(np.array([1]), np.array([1]), np.array([[0.0, 0.0, 10.0, 30.0]]))
    found = Marks(truth.frame, truth.id, truth.places + np.array([shift_px, 0, 0, 0]))
    assert scoring.in_picture(truth, found).idf1 == pytest.approx(idf1)


def test_frames_without_people_between_the_first_and_the_last_of_the_truth_count() -> None:
    truth = Marks(np.array([2, 4]), np.array([1, 1]), np.zeros((2, 2)))
    found = Marks(np.array([1, 2, 3, 4, 5]), np.full(5, 1), np.zeros((5, 2)))
    assert scoring.on_floor(truth, found).mota == pytest.approx(50)


class Echo:
    """A detector that finds one person, as far to the left as the number that the picture shows."""

    def detect(self, pictures: Iterable[Picture]) -> Iterator[Detections]:
        for picture in pictures:
            box = [float(videos.number_in(picture.bgr())), 10.0, 60.0, 80.0]
            yield Detections(np.array([box], np.float32), np.array([0.9], np.float32))


class Widths:
    """A reidentifier that tells by how wide a crop is."""

    def embed(self, crops_bgr: Sequence[Bytes]) -> np.ndarray:
        return np.array([[crop.shape[1], 0] for crop in crops_bgr], np.float32).reshape(-1, 2)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return videos.make(tmp_path / "short.mp4", frames=20)


def test_the_frames_of_a_video_are_taken_by_number(video: Path) -> None:
    told: list[tuple[int, int]] = []
    sampling = evaluate.sampled(5.0, 1.0, 3)
    seen = evaluate.seen_in_video(video, decode.probe(video), Echo(), Widths(), sampling, lambda *at: told.append(at))
    assert seen.frames == 20
    assert seen.detections.frame.tolist() == [4, 9, 14, 19]
    assert seen.detections.taken_at_s == pytest.approx([0.6, 1.6, 2.6, 3.6])
    assert seen.detections.boxes_px[:, 0].tolist() == [3, 8, 13, 18]
    assert seen.detections.embedding is not None
    assert (np.diff(seen.detections.embedding[:, 0]) < 0).all()
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_truth_that_goes_beyond_the_video_is_refused(files: dict[str, Any], video: Path) -> None:
    with pytest.raises(BadEvaluationFile, match=r"goes to frame 300, but .* has 20"):
        evaluate_tracking(**files | {"detections": None, "video": video})


def test_weights_that_are_not_there_are_refused(files: dict[str, Any], video: Path) -> None:
    files["ground_truth"].write_text("1,1,10,10,20,40,1,-1,-1,-1\n")
    with pytest.raises(BadEvaluationFile, match="there is no such file or folder"):
        evaluate_tracking(**files | {"detections": None, "video": video, "weights": "no/such/weights.pt"})


@pytest.mark.skipif(
    not PETS.is_dir(), reason="needs ../shared/data/pets (PETS09-S2L1), which is not part of the project"
)
def test_public_detections_of_pets_are_tracked_at_one_frame_a_second(tmp_path: Path) -> None:
    result = evaluate_tracking(
        detections=PETS / "det.txt",
        ground_truth=PETS / "gt.txt",
        homography=PETS / "homography.txt",
        fps=7,
        sample_fps=1,
        tracks_out=tmp_path / "tracks.csv",
        json_out=tmp_path / "scores.json",
    )
    assert result["idf1_1m"] >= 66


@pytest.mark.skipif(not PETS.is_dir(), reason="needs ../shared/data, which is not part of the project")
def test_the_video_of_pets_is_tracked_at_one_frame_a_second(tmp_path: Path) -> None:
    result = evaluate_tracking(
        video=PETS / "vtest.avi",
        weights=str(PETS.parent / "weights/yolov8n_int8_openvino_model"),
        ground_truth=PETS / "gt.txt",
        homography=PETS / "homography.txt",
        fps=7,
        sample_fps=1,
        tracks_out=tmp_path / "tracks.csv",
        json_out=tmp_path / "scores.json",
    )
    assert result["idf1_1m"] >= 74
