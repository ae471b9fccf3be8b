import pickle

import pytest

from models.world.errors import NoCapacity
from pipelines import flow
from pipelines.flow import Resources
from pipelines.objects import ObjectStore, ObjectStoreAddress


@pytest.mark.parametrize("free", [1.0, 1.5, 2.0, 4.0, 16.0, 96.0])
def test_all_stages_fit_into_the_free_cpus_at_once(free: float) -> None:
    shares = flow.share(free, 0, free)
    used = shares.detectors * shares.cpus + shares.finishers * flow.FINISH_CPUS
    assert used <= free + 1e-9
    assert used > free - 0.5
    assert shares.detectors >= max(1, round(0.6 * free))


def test_gpus_set_how_many_detectors_there_are() -> None:
    shares = flow.share(16, 2, 16)
    assert (shares.detectors, shares.gpus) == (2, 1.0)


def test_a_cluster_without_a_free_cpu_is_refused_before_the_start() -> None:
    with pytest.raises(NoCapacity, match=r"0\.5 of 2 are free"):
        flow.share(0.5, 0, 2)


def test_resources_travel_to_workers() -> None:
    address = ObjectStoreAddress("http://127.0.0.1:1", "bucket", "key", "secret")
    resources = Resources(ObjectStore(address), "postgresql://")
    again = pickle.loads(pickle.dumps(resources))
    assert (again.objects.address, again.detector, again.lease_s) == (address, "mall-people", 120.0)
