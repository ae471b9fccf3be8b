from dataclasses import replace

import numpy as np
import pytest

from models.vision.tracker import DetectionTable, Tracks, every_frame, identity, track, tracker
from models.vision.tracker.placing import place
from models.vision.tracker.tracker import linked
from tests.vision.walks import CAMERA, PICTURE, boxes_of, crowd, seen, straight, table, taken


def tracked(detections: DetectionTable, step_s: float = 1.0) -> Tracks:
    times_s = detections.taken_at_s
    looked_s = np.arange(times_s.min(), times_s.max() + step_s / 2, step_s) if len(times_s) else times_s
    return track(detections, CAMERA, PICTURE, looked_s)


def paths(tracks: Tracks) -> list[np.ndarray]:
    return [tracks.xy_m[tracks.track == number] for number in np.unique(tracks.track)]


def test_two_people_who_cross_keep_their_ids() -> None:
    ways = [straight((1, 3), (9, 11), 12), straight((9, 3), (1, 11.6), 12)]
    found = paths(tracked(seen(ways)))
    assert len(found) == 2
    for way in ways:
        assert min(np.abs(path - way).max() for path in found if len(path) == len(way)) < 0.6


def test_a_person_hidden_for_three_seconds_is_one_track_with_the_gap_filled() -> None:
    way = straight((1, 4), (9, 8), 10)
    hidden = way.copy()
    hidden[4:6] = np.nan
    tracks = tracked(seen([hidden, straight((9, 15), (2, 15), 10)]))
    own = tracks.take(tracks.track == tracks.track[np.abs(tracks.xy_m[:, 1] - 4).argmin()])
    assert own.frame.tolist() == list(range(1, 11))
    assert np.isnan(own.confidence[4:6]).all()
    assert (own.detection[4:6] == -1).all()
    assert np.abs(own.xy_m - way).max() < 0.5


def test_a_person_hidden_for_longer_than_four_seconds_is_two_tracks() -> None:
    way = straight((4, 6), (4.2, 6), 24)
    way[10:14] = np.nan
    others = crowd(4, 24, seed=20)
    starts = [path[0] for path in paths(tracked(seen([way, *others])))]
    assert sum(np.linalg.norm(start - [4, 6]) < 1 for start in starts) == 2


def test_smoothed_places_are_nearer_to_the_truth_than_detections() -> None:
    ways = crowd(6, 40, seed=3)
    detections = seen(ways, seed=4)
    tracks = tracked(detections)
    rows = tracks.take(tracks.detection >= 0)
    true = np.vstack(ways)
    raw = place(detections, CAMERA, PICTURE)
    at = np.empty((len(true), 2))
    at[raw.row] = raw.xy_m
    error = np.linalg.norm(rows.xy_m - true[rows.detection], axis=1)
    assert np.median(error) < np.median(np.linalg.norm(at[rows.detection] - true[rows.detection], axis=1))


def test_the_middle_of_a_track_is_surer_than_its_ends() -> None:
    tracks = tracked(seen([straight((2, 6), (8, 6), 11)]))
    variance = tracks.covariance_m2[:, [0, 2]].sum(axis=1)
    assert variance[5] < 0.8 * min(variance[0], variance[-1])


def test_a_dense_crowd_is_mostly_right() -> None:
    ways = crowd(10, 120, seed=5, step_s=0.5)
    detections = seen(ways, 0.5, seed=6, miss=0.15)
    tracks = tracked(detections, 0.5)
    person = np.concatenate(
        [np.full(len(way), number) for number, way in enumerate(ways)]
    )  # of each row if nobody were missed
    rng, kept = np.random.default_rng(6), []
    for way in ways:
        rng.normal(0, 0.02, (len(way), 4))
        kept.append(rng.random(len(way)) >= 0.15)
    owner = person[np.concatenate(kept)]
    rows = tracks.take(tracks.detection >= 0)
    pairs = np.zeros((rows.track.max() + 1, len(ways)))
    np.add.at(pairs, (rows.track, owner[rows.detection]), 1)
    assert pairs.max(axis=0).sum() / len(owner) > 0.75
    assert len(pairs) <= 15


def test_the_same_detections_give_the_same_tracks_in_whatever_order() -> None:
    detections = seen(crowd(8, 30, seed=7), seed=8, miss=0.1)
    shuffled = np.random.default_rng(9).permutation(len(detections.frame))
    one, other = tracked(detections), tracked(taken(detections, shuffled))
    assert (one.track == other.track).all()
    assert (one.xy_m == other.xy_m).all()
    seen_rows = one.detection >= 0
    assert (shuffled[other.detection[seen_rows]] == one.detection[seen_rows]).all()


def test_a_piece_of_a_long_video_is_tracked_as_within_the_whole() -> None:
    detections = seen(crowd(8, 150, seed=10), seed=11, miss=0.1)
    piece = np.flatnonzero((detections.taken_at_s >= 40) & (detections.taken_at_s < 110))
    whole, part = links(detections), links(taken(detections, piece))
    middle = (detections.taken_at_s > 55) & (detections.taken_at_s < 95)
    expected = {(a, b) for a, b in whole if middle[a]}
    found = {(piece[a], piece[b]) for a, b in part if middle[piece[a]]}
    assert len(expected & found) >= 0.99 * len(expected | found)


def links(detections: DetectionTable) -> set[tuple[int, int]]:
    tracks = tracked(detections)
    rows = tracks.take(tracks.detection >= 0)
    same = np.flatnonzero(np.diff(rows.track) == 0)
    return set(zip(rows.detection[same].tolist(), rows.detection[same + 1].tolist(), strict=True))


@pytest.mark.parametrize(("confidence", "frames"), [(0.9, [1, 2]), (0.42, [])])
def test_two_detections_far_apart_are_a_track_only_if_they_are_sure(confidence: float, frames: list[int]) -> None:
    places = boxes_of(np.array([[3.0, 8.0], [5.3, 8.0]]))
    assert tracked(table([(k, *box, confidence) for k, box in enumerate(places)])).frame.tolist() == frames


def test_a_lone_detection_is_no_track_however_sure() -> None:
    assert len(tracked(table([(0, *boxes_of(np.array([[5.0, 8.0]]))[0], 1.0)]))) == 0


def test_a_weak_detection_within_a_sure_track_is_used() -> None:
    detections = seen([straight((1, 4), (9, 8), 10)])
    detections.confidence[5] = 0.25
    assert 5 in tracked(detections).detection


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_detections_give_no_track(count: int) -> None:
    assert len(tracked(taken(seen([straight((1, 4), (9, 8), 10)]), np.arange(count)))) == 0


def test_scattered_false_detections_give_no_track() -> None:
    rng = np.random.default_rng(14)
    places = rng.uniform((0.5, 1.5), (9.5, 17), (60, 2))
    rows = [(k, *box, 0.35) for k, box in enumerate(boxes_of(places))]
    assert len(tracked(table(rows))) == 0


def test_feet_above_the_horizon_and_empty_boxes_are_left_out() -> None:
    way = seen([straight((1, 4), (9, 8), 10)])
    odd = [(3, 300, -300, 320, -250, 0.9), (4, 300, 200, 300, 200, 0.9), (5, 300, 200, 280, 100, 0.9)]
    mixed = DetectionTable(*(np.concatenate(pair) for pair in zip(columns(way), columns(table(odd)), strict=True)))
    assert set(tracked(mixed).detection.tolist()) == set(range(10))


def columns(detections: DetectionTable) -> list[np.ndarray]:
    return [column for column in vars(detections).values() if column is not None]


def test_a_person_detected_twice_is_one_track() -> None:
    way = straight((1, 4), (9, 8), 10)
    once, again = seen([way], seed=1), seen([way], seed=2)
    again.confidence[:] = 0.6
    both = DetectionTable(*(np.concatenate(pair) for pair in zip(columns(once), columns(again), strict=True)))
    assert len(paths(tracked(both))) == 1


def test_looks_tell_apart_whom_places_cannot() -> None:
    ways, looks = side_by_side(), np.repeat(np.eye(2, 8, dtype=np.float32), 20, axis=0)
    others, other_looks = crowd(6, 20, seed=17), np.repeat(np.eye(8, dtype=np.float32)[2:8], 20, axis=0)
    detections = seen(ways + others, seed=15)
    noise = np.random.default_rng(16).normal(0, 0.05, (len(detections.frame), 8)).astype(np.float32)
    described = DetectionTable(*columns(detections), embedding=np.vstack([looks, other_looks]) + noise)
    tracks = tracked(described)
    rows = tracks.take(tracks.detection >= 0)
    assert all(len(set((rows.detection[rows.track == t] // 20).tolist())) == 1 for t in np.unique(rows.track))


def side_by_side() -> list[np.ndarray]:
    """Two who meet, stand together out of sight of each other's place, and part again the way they came."""
    there = np.concatenate([np.linspace(1, 4.9, 10), np.linspace(4.9, 1, 10)])
    return [np.column_stack([there, np.full(20, 8.0)]), np.column_stack([10 - there, np.full(20, 8.0)])]


def test_errors_of_heights_are_learned_to_be_independent_and_those_of_looks_are_not() -> None:
    walks = crowd(12, 100, seed=7)
    detections = seen(walks, seed=8)
    looks = np.random.default_rng(9).normal(size=(len(detections.frame), 4)).astype(np.float32)
    detections = replace(detections, embedding=looks)
    links = linked(detections, place(detections, CAMERA, PICTURE), np.arange(100.0))
    height, *others = np.broadcast_to(links.scene.variances.alikeness, 5)
    assert height < 0.3
    assert others == [tracker.ALIKE_LOOKS] * 4


def test_pictures_of_one_track_count_less_than_independent_ones() -> None:
    assert identity.effective(np.array([1.0, 1e6])) == pytest.approx([1.0, 1 / identity.ALIKENESS], rel=1e-3)


def test_variances_are_learned_from_tracks() -> None:
    rng = np.random.default_rng(18)
    people = rng.normal(0, 0.3, (400, 1))
    measured = np.repeat(people, 10, axis=0) + rng.normal(0, 0.1, (4000, 1))
    found = identity.learn(measured, np.repeat(np.arange(400), 10))
    assert found.between == pytest.approx([0.09], rel=0.15)
    assert found.within == pytest.approx([0.01], rel=0.05)


@pytest.mark.parametrize(("lasting", "alike"), [(0.0, 0.0), (0.05, 0.2), (0.1, 0.5)])
def test_how_alike_pictures_of_one_track_are_is_learned_from_pieces_of_it(lasting: float, alike: float) -> None:
    rng = np.random.default_rng(19)
    track, block = np.repeat(np.arange(200), 80), np.repeat(np.arange(1600), 10)
    errors = rng.normal(0, lasting, 1600)[block] + rng.normal(0, 0.1, 16_000)
    measured = (rng.normal(0, 0.3, 200)[track] + errors)[:, None]
    assert identity.learn_alikeness(measured, track, block) == pytest.approx([alike], abs=0.03)


def test_too_few_tracks_say_nothing_of_how_alike_their_pictures_are() -> None:
    track = np.repeat(np.arange(2), 20)
    found = identity.learn_alikeness(
        np.random.default_rng(20).normal(0, 1, (40, 1)), track, np.repeat(np.arange(4), 10)
    )
    assert found == [identity.ALIKENESS]


def test_every_frame_has_a_row_while_a_person_exists_and_a_share_of_a_step_beyond() -> None:
    detections = seen([straight((3, 4), (7, 8), 10)], start=2)
    tracks = tracked(detections)
    times_s = np.arange(150) / 10
    rows = every_frame(tracks, np.arange(1, 151, dtype=np.int32), times_s, CAMERA, PICTURE, 1.0)
    assert rows.frame.tolist() == list(range(17, 116))
    assert np.abs(np.diff(rows.xy_m, axis=0)).max() < 0.15
    feet = CAMERA.to_floor(np.column_stack([rows.boxes_px[:, [0, 2]].mean(axis=1), rows.boxes_px[:, 3]]))
    assert np.abs(feet - rows.xy_m).max() < 0.6


def test_a_track_is_not_carried_out_of_the_picture() -> None:
    tracks = tracked(seen([straight((5, 6), (5, 0.1), 6)]))
    rows = every_frame(tracks, np.arange(1, 101, dtype=np.int32), np.arange(100) / 10, CAMERA, PICTURE, 1.0)
    assert rows.boxes_px[rows.confidence != rows.confidence][:, 3].max() <= PICTURE[1]


def test_feet_at_the_horizon_have_no_place() -> None:
    far = table([(0, *box, 0.9) for box in boxes_of(np.array([[5.0, 8.0], [5.0, 4000.0]]))])
    assert place(far, CAMERA, PICTURE).row.tolist() == [0]


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="detection table needs 2"):
        DetectionTable(np.zeros(2), np.zeros(1, np.int32), np.zeros((2, 4), np.float32), np.zeros(2, np.float32))
