"""`mall site calibrate` on the command line: residuals, a picture of the grid, a site file that takes the result."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from cluster.cli.app import app
from cluster.cli.outcome import run
from models.world.lenses import Lens
from models.world.places import with_homography
from pipelines import site_file
from pipelines.simulator.view import View
from tests.sql.mall import SITE

VIEW = View(3.0, 4.0, 5.0, 0.7, np.radians(33), 380.0)
POINTS = np.array([[50, 300], [600, 300], [320, 370], [100, 200], [500, 190], [320, 160], [200, 250], [450, 340.0]])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose first camera has no calibration yet."""
    camera = replace(SITE.cameras[0], width_px=640, height_px=384, calibration=None)
    site_file.write(replace(SITE, cameras=(camera, SITE.cameras[1])), tmp_path / "site.yaml")
    return tmp_path / "site.yaml"


def pairs(folder: Path, lens: Lens) -> Path:
    rows = np.hstack([POINTS, VIEW.floor_point(lens.straighten(POINTS))])
    text = "x_px,y_px,x_m,y_m\n" + "\n".join(",".join(f"{cell:.4f}" for cell in row) for row in rows)
    (folder / "pairs.csv").write_text(text)
    return folder / "pairs.csv"


def test_a_camera_is_calibrated_with_its_lens_and_a_picture_of_the_grid(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lens = Lens(-0.2, 640, 384)
    grid, saved = tmp_path / "grid.png", tmp_path / "new.yaml"
    frame = np.full((384, 640, 3), 40, dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "frame.png"), frame)
    given = ["--points", str(pairs(tmp_path, lens)), "--picture", str(tmp_path / "frame.png")]
    assert run(app, ["site", "calibrate", str(site), "cam1", *given, "--grid", str(grid), "--save", str(saved)]) == 0
    told = capsys.readouterr().out
    assert "mean 0.000 m, most 0.00" in told
    assert "k1 -0.2" in told
    assert "hang at (3.0, 4.0) m, 5.0 m high" in told
    drawn = cv2.imread(str(grid))
    assert drawn.shape == frame.shape
    assert (drawn != frame).any(axis=2).mean() > 0.02
    kept = site_file.read(saved).camera("cam1").calibration
    assert kept is not None
    assert kept.lens == Lens(kept.lens.k1 if kept.lens else 0, 640, 384)
    assert kept.to_floor(POINTS) == pytest.approx(VIEW.floor_point(lens.straighten(POINTS)), abs=0.01)


def test_grid_lines_run_where_the_floor_is(site: Path, tmp_path: Path) -> None:
    grid = tmp_path / "grid.png"
    assert (
        run(
            app,
            [
                "site",
                "calibrate",
                str(site),
                "cam1",
                "--points",
                str(pairs(tmp_path, Lens(0, 640, 384))),
                "--grid",
                str(grid),
            ],
        )
        == 0
    )
    drawn, blank = cv2.imread(str(grid)), np.array([96, 96, 96])
    for x, y in ((8.0, 9.5), (9.5, 10.0), (11.0, 8.5)):
        (at,) = np.round(VIEW.project(np.array([[x, y, 0.0]]))[0]).astype(int)
        around = drawn[at[1] - 2 : at[1] + 3, at[0] - 2 : at[0] + 3]
        assert (around != blank).any(), (x, y)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["cam1"], "has no pairs of points for cam1; give them: --points"),
        (["cam9"], "there is no camera 'cam9'; known: cam1, cam2"),
        (["cam1", "--points", "none.csv"], "none.csv cannot be read"),
        (["cam1", "--points", "columns.csv"], "the first line is x_px,y_px,x_m,y_m; got a,b"),
        (["cam1", "--points", "text.csv"], "text.csv:3: expected four numbers"),
        (["cam1", "--points", "line.csv"], "lie on one line"),
        (["cam1", "--points", "wrong.csv"], "misses its points by"),
        (
            ["cam1", "--points", "good.csv", "--grid", "g.png", "--picture", "small.png"],
            "320 x 192 px, and the camera 640 x 384",
        ),
        (["cam1", "--points", "good.csv", "--grid", "nowhere/g.png"], "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    site: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    head, good = "x_px,y_px,x_m,y_m\n", pairs(tmp_path, Lens(0, 640, 384)).rename(tmp_path / "good.csv").read_text()
    (tmp_path / "columns.csv").write_text("a,b\n1,2\n")
    (tmp_path / "text.csv").write_text(f"{head}1,2,3,4\n1,2,3,x\n")
    (tmp_path / "line.csv").write_text(head + "10,10,1,1\n20,20,2,5\n30,30,3,1\n40,40,9,9\n")
    (tmp_path / "wrong.csv").write_text(good + "\n320,300,40,2\n")
    cv2.imwrite("small.png", np.zeros((192, 320, 3), np.uint8))
    assert run(app, ["site", "calibrate", str(site), *arguments]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_a_ready_homography_keeps_its_lens_in_the_site_file(tmp_path: Path) -> None:
    calibration = with_homography(VIEW.calibration().matrix, Lens(-0.1, 640, 384))
    camera = replace(SITE.cameras[0], width_px=640, height_px=384, calibration=calibration)
    site_file.write(replace(SITE, cameras=(camera,)), tmp_path / "site.yaml")
    assert site_file.read(tmp_path / "site.yaml").cameras == (camera,)
