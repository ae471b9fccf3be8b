"""A filmed hall in the archive, shared by all who extract it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cluster.embedded.postgres import PostgresServer
from pipelines.flow import Resources
from pipelines.objects import ObjectStore
from sql import sites, store
from sql.store import Store
from tests.pipelines.blobs import blob_detector, blue_shirts, film
from tests.pipelines.filmed import PEOPLE, SECONDS, WINDOW, Mall, record
from tests.pipelines.hall import Hall, hall
from tests.sql.conftest import filled

__all__ = ["filled"]


@pytest.fixture(scope="session")
def scene() -> Hall:
    return hall(people=PEOPLE, cameras=2, seconds=SECONDS, seed=5)


@pytest.fixture(scope="session")
def footage(scene: Hall, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return film(scene, tmp_path_factory.mktemp("footage"), SECONDS)


@pytest.fixture
def another_mall(
    scene: Hall, footage: dict[str, Path], postgres: PostgresServer, migrated: str, object_store: ObjectStore
) -> Iterator[Mall]:
    """Makes malls with a video of each camera in the archive, each with a database of its own."""
    names = []

    def make() -> Resources:
        names.append(f"mall{len(names)}_{object_store.address.bucket}")
        dsns = store.make_logins(postgres.create_database(names[-1], template=migrated))
        with Store(dsns["admin"], role="admin", size=1) as admin, admin.connection() as connection:
            sites.save(connection, scene.site)
        made = Resources(
            object_store, dsns["ingest"], lease_s=5.0, load_detector=blob_detector(), load_describer=blue_shirts()
        )
        with Store(dsns["ingest"], role="ingest", size=1) as ingest:
            record(scene, footage, [WINDOW], ingest, made)
        return made

    yield make
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for name in names:
            connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def mall(another_mall: Mall) -> Resources:
    return another_mall()


@pytest.fixture
def one_free_cpu(ray_node: object) -> Iterator[None]:
    """Somebody else keeps one of the cluster's two CPUs, which leaves one for extraction: a single detecting actor."""
    import ray

    @ray.remote(num_cpus=1)
    class Other:
        def here(self) -> None:
            pass

    other = Other.remote()
    ray.get(other.here.remote())
    yield
    ray.kill(other)
