import pytest

from models.world.errors import BadInput
from pipelines.association_table import measure
from pipelines.scene_rows import HEADER, Row


def test_a_row_gives_mean_spread_and_the_least_of_its_seeds() -> None:
    results = tuple(
        {"idf1_1m": idf1, "mota_1m": 90.0, "ids": 16, "true_ids": 15, "core_s": 4.0} for idf1 in (88.0, 92.0, 96.0)
    )
    values = dict(zip(HEADER.split(), str(Row("hall", results)).split(), strict=True))
    assert values == {
        "scene": "hall",
        "seeds": "3",
        "IDF1": "92.0",
        "+-": "4.0",
        "least": "88.0",
        "MOTA": "90.0",
        "ids": "16",
        "true": "15",
        "core-s": "4",
    }


def test_a_scene_is_simulated_and_identified_with_each_seed() -> None:
    small = {"layout": "overlapping", "cameras": 2, "people": 3, "minutes": 0.2}
    told: list[tuple[float, float]] = []
    row = measure("small", [1, 2], lambda done, all_: told.append((done, all_)), {"small": small})
    assert len(row.results) == 2
    assert told == [(1, 2), (2, 2)]
    assert all(result["true_ids"] for result in row.results)


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(BadInput, match="known: hall, "):
        measure("street", [1], lambda done, all_: None)
