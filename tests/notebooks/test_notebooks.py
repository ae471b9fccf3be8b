import os
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import uvicorn
from nbclient import NotebookClient

from cluster.embedded.ports import free_port
from pipelines.export import export_day
from pipelines.objects import ObjectStore
from serve.app import ServeArgs, application
from sql import keys, videos
from sql.store import Store
from tests.conftest import Database
from tests.sql import mall

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SAYS = {
    "01_first_answer": "4.0 of 4.0 recorded camera-hours",
    "02_ask_and_wait": "2.0 of 2.0 recorded camera-hours",
    "03_ad_hoc": "1 days with 6 people are exported",
}
"""What each notebook says of the known mall."""


@pytest.fixture
def exported(filled: Store, read: Store, database: Database, object_store: ObjectStore) -> dict[str, str]:
    """The environment in which a notebook finds the known mall's day in the object store."""
    export_day(mall.DAY, read, object_store, "tester")
    address = object_store.address
    return {
        "MALL_DATABASE_READ": database.read_dsn,
        "MALL_S3_ENDPOINT": address.endpoint or "",
        "MALL_S3_BUCKET": address.bucket,
        "MALL_S3_ACCESS_KEY": address.access_key,
        "MALL_S3_SECRET_KEY": address.secret_key,
    }


@pytest.fixture
def desk(database: Database, admin: Store, ingest: Store, exported: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment in which a notebook finds a desk over the known mall, and its day exported."""
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
    yield {"MALL_SERVE_URL": f"http://127.0.0.1:{port}", "MALL_API_KEY": key, **exported}
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
    assert SAYS[path.stem] in printed


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
