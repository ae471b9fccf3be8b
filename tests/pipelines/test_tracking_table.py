import pytest

from models.world.errors import BadInput
from pipelines.tracking_table import Crowd, measure


def test_a_crowd_is_simulated_and_tracked_with_each_seed() -> None:
    told: list[tuple[float, float]] = []
    scenes = {"few": Crowd(2.0, people=5, minutes=0.25)}
    row = measure("few", [1, 2], lambda done, all_: told.append((done, all_)), scenes)
    assert told == [(1, 2), (2, 2)]
    assert [result["true_ids"] for result in row.results] == [5, 5]
    assert all(float(result["idf1_1m"] or 0) > 85 for result in row.results)


def test_embeddings_keep_more_of_a_crowd_apart() -> None:
    scenes = {"crowd": Crowd(1.0, people=20, minutes=0.5), "looks": Crowd(1.0, 0.9, people=20, minutes=0.5)}
    plain, seen = (measure(name, [4], lambda done, all_: None, scenes).results[0] for name in scenes)
    assert float(seen["idf1_1m"] or 0) > float(plain["idf1_1m"] or 0) + 2


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(BadInput, match="known: crowd-1fps, "):
        measure("street", [1], lambda done, all_: None)
