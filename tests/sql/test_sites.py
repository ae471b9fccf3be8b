from dataclasses import replace
from datetime import timedelta

import pytest

from models.world.errors import BadSite, NotFound
from models.world.lenses import Lens
from models.world.places import Section, cells_of, with_homography
from sql import asking, sites, videos
from sql.catalogue import Catalogue
from sql.store import Store
from tests.sql import mall
from tests.sql.mall import SITE, TEN

SMALLER = Section("food-court", "Food court", 0, ((40.0, 0.0), (60.0, 0.0), (60.0, 9.0), (40.0, 9.0)))


def test_a_site_comes_back_as_it_went_in(admin: Store) -> None:
    with admin.connection() as connection:
        changes = sites.save(connection, SITE)
        assert sites.read(connection) == SITE
    assert "add section food-court" in [str(change) for change in changes]


def test_loading_the_same_site_again_changes_nothing(admin: Store) -> None:
    with admin.connection() as connection:
        sites.save(connection, SITE)
        assert sites.save(connection, SITE) == []


def test_a_dry_run_tells_the_changes_and_makes_none(admin: Store) -> None:
    changed = replace(SITE, sections=(SMALLER,), cameras=SITE.cameras[:1], opening_hours={})
    with admin.connection() as connection:
        sites.save(connection, SITE)
        changes = [str(change) for change in sites.save(connection, changed, dry_run=True)]
        assert sites.read(connection) == SITE
        assert changes == [str(change) for change in sites.save(connection, changed)]
        assert sites.read(connection) == changed
    assert changes == [
        "change site northgate: opening_hours",
        "remove section atrium",
        "change section food-court: polygon",
        "remove camera cam2",
    ]


def test_a_new_calibration_leaves_earlier_times_as_they_were(admin: Store) -> None:
    moved = with_homography([[0.02, 0, 0], [0, -0.05, 20], [0, -0.002, 1]])  # type: ignore[arg-type]
    later = replace(SITE, cameras=(replace(SITE.cameras[0], calibration=moved), SITE.cameras[1]))
    with admin.connection() as connection:
        sites.save(connection, SITE)
        (change,) = sites.save(connection, later, valid_from=TEN)
        assert str(change) == "change camera cam1: calibration"
        assert sites.read(connection, TEN - timedelta(seconds=1)) == SITE
        assert sites.read(connection, TEN) == later == sites.read(connection)


def test_a_camera_may_lose_its_calibration_and_get_one_with_a_lens(admin: Store) -> None:
    camera = SITE.cameras[0]
    assert camera.calibration is not None
    bare = replace(SITE, cameras=(replace(camera, calibration=None), SITE.cameras[1]))
    lens = replace(camera.calibration, lens=Lens(-0.12, camera.width_px, camera.height_px))
    bent = replace(SITE, cameras=(replace(camera, calibration=lens), SITE.cameras[1]))
    with admin.connection() as connection:
        sites.save(connection, bare)
        assert sites.read(connection) == bare
        for hour, site in enumerate((SITE, bent, bare)):
            (change,) = sites.save(connection, site, valid_from=TEN + timedelta(hours=hour))
            assert str(change) == "change camera cam1: calibration"
            assert sites.save(connection, site) == []
        for hour, site in enumerate((bare, SITE, bent, bare)):
            assert sites.read(connection, TEN + timedelta(hours=hour - 1)) == site


def test_the_grid_covers_the_floor_and_the_sections_their_cells(admin: Store, read: Store) -> None:
    with admin.connection() as connection:
        sites.save(connection, SITE)
    with read.connection() as connection:
        cells = connection.execute("select count(*), sum(st_area(location)) from grid where floor = 0").fetchone()
        court = connection.execute("select grid_id from section_grid where section_id = 'food-court' order by 1")
        assert [row[0] for row in court] == list(cells_of(0, SITE.section("food-court").polygon))
        inside = connection.execute(
            "select bool_and(st_intersects(g.location, s.polygon)) from section_grid as c"
            " join grid as g using (grid_id) join section as s using (section_id)"
        ).fetchone()
    assert cells == (30 * 15, 60 * 30.0)
    assert inside == (True,)


def test_a_changed_section_answers_each_time_by_the_border_of_that_time(
    filled: Store, admin: Store, read: Store
) -> None:
    """Bob stands at y = 10 until 10:10; from 10:05 on the food court ends at y = 9."""
    with admin.connection() as connection:
        sites.save(
            connection, replace(SITE, sections=(SITE.sections[0], SMALLER)), valid_from=TEN + timedelta(minutes=5)
        )
    question = Catalogue.load().question("average-distance")
    counts = {}
    for start, end in (("10:00", "10:05"), ("10:06", "10:09"), ("10:00", "10:09")):
        inputs = {"from": f"2026-11-20T{start}Z", "to": f"2026-11-20T{end}Z", "section": "food-court"}
        with read.connection() as connection:
            answer = asking.ask(connection, question, question.bind(inputs, SITE.time_zone))
        counts[start, end] = answer.rows[0][0]
    assert counts == {("10:00", "10:05"): 1, ("10:06", "10:09"): 1, ("10:00", "10:09"): 2}  # bob; dee; both


def test_a_store_with_video_keeps_its_site(admin: Store, ingest: Store) -> None:
    other = replace(SITE, name="southgate")
    with admin.connection() as connection:
        sites.save(connection, SITE)
        sites.save(connection, other)
        assert sites.read(connection) == other
    with ingest.connection() as connection:
        videos.add(connection, mall.segment())
    with pytest.raises(BadSite, match="holds the site 'southgate'"), admin.connection() as connection:
        sites.save(connection, SITE)


def test_without_a_site_there_is_a_clear_word(read: Store) -> None:
    with read.connection() as connection, pytest.raises(NotFound, match="mall site load"):
        sites.read(connection)
