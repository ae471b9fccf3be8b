import socket
from pathlib import Path

from cluster.embedded import ports
from cluster.embedded.daemons import until
from cluster.embedded.seaweedfs import SeaweedServer


def test_a_server_gets_no_port_that_the_kernel_lends_to_clients() -> None:
    lent = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = ports.free_ports(50)
    assert len(set(found)) == 50
    assert all(port < lent and ports.is_free(port) for port in found)


def test_a_port_with_a_listener_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert not ports.is_free(listener.getsockname()[1])


def test_an_s3_server_that_lost_one_port_keeps_the_others(tmp_path: Path) -> None:
    server = SeaweedServer(tmp_path)
    server.start()
    try:
        before, taken = server.address("any").endpoint, server.ports()["volume"]
        server.stop()
        assert until(lambda: ports.is_free(taken), 10.0)
        with socket.create_server(("127.0.0.1", taken)):
            server.start()
        assert server.ports()["volume"] != taken
        assert server.address("any").endpoint == before
    finally:
        server.stop()
