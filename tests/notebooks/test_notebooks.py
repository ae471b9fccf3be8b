import os
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import uvicorn
from nbclient import NotebookClient

from cluster.embedded.postgres import free_port
from serve.app import ServeArgs, application
from sql import keys, videos
from sql.store import Store
from tests.conftest import Database
from tests.sql import mall

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
EXTRACTED = {"01_first_answer": "4.0 of 4.0", "02_ask_and_wait": "2.0 of 2.0"}
"""What each notebook says of the known mall's recorded camera-hours."""


@pytest.fixture
def desk(database: Database, admin: Store, ingest: Store) -> Iterator[dict[str, str]]:
    """The environment in which a notebook finds a desk over the known mall."""
    mall.fill(admin, ingest)
    with ingest.connection() as connection:
        for hour in (mall.NINE, mall.TEN):
            for camera in mall.SITE.cameras:
                videos.add(connection, mall.segment(camera.id, hour, 60, content=camera.id[-1]))
    with admin.connection() as connection:
        key = keys.create(connection, "notebook")
    app = application(ServeArgs(database_read=database.read_dsn, min_group=1, pool_size=2))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield {"MALL_SERVE_URL": f"http://127.0.0.1:{port}", "MALL_API_KEY": key}
    server.should_exit = True
    thread.join()


def run(path: Path, desk: dict[str, str], folder: Path) -> str:
    """Run a notebook as someone in `folder` with the desk's address and key; what it prints."""
    notebook = nbformat.read(path, as_version=4)
    environment = {**os.environ, **desk, "MALL_HOME": str(folder), "MPLBACKEND": "agg"}
    done = NotebookClient(notebook, timeout=120).execute(env=environment)
    nbformat.write(done, folder / path.name)
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    return "".join(output.get("text", "") for output in outputs)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_notebook_runs_from_top_to_bottom(path: Path, desk: dict[str, str], tmp_path: Path) -> None:
    printed = run(path, desk, tmp_path)
    assert f"{EXTRACTED[path.stem]} recorded camera-hours" in printed


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
