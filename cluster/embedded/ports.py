"""TCP ports of the loopback interface for servers that keep their address over restarts.

They lie below those that the kernel lends to clients (`ip_local_port_range`, see ip(7)). A server that is down for a second would
else find its port lent to a connection: there are thousands of them, and one that dials a dead port again and again may even be
given that port itself.
"""

import random
import socket
from pathlib import Path

_LENT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FROM, _BELOW = 20000, 32768
"""Ray keeps 10002 to 19999 for its workers; Linux lends from 32768 on unless told otherwise."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody listens on at this moment."""
    # A seed of the operating system, so that processes that start together look in different places.
    candidates = random.SystemRandom().sample(_range(), k=len(_range()))
    return [port for port, _ in zip(filter(is_free, candidates), range(count), strict=False)]


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _range() -> range:
    try:
        first = int(_LENT.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = _BELOW
    return range(_FROM, first if first > _FROM + 1000 else _BELOW)
