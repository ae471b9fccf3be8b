"""Webhooks: who asked to be told is sent a signed POST, as the Standard Webhooks specification has it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: headers `webhook-id` (the same
in all tries), `webhook-timestamp` and `webhook-signature`, `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.

The address comes from a stranger, so it may point into our own network. It is resolved once, every address that it
stands for is checked, and the connection goes to the address that was checked: a name that changes its mind meanwhile
changes nothing. Redirects are not followed.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

import structlog

from models.world.errors import BadAddress, NotDelivered
from sql import notifications
from sql.notifications import Notification
from sql.store import Connection, Store

SECRET_PREFIX = "whsec_"  # noqa: S105
RETRY_S = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""How long to wait after each try that failed, as the specification proposes; after the last it is given up."""
TIMEOUT_S = 10.0
"""From the first connection to the last byte of the answer's head."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Courier:
    """Delivers notifications. `secret` is `whsec_` and base64; `private` allows addresses of one's own network."""

    secret: str = field(repr=False)
    private: bool = False
    timeout_s: float = TIMEOUT_S

    def deliver(self, notification: Notification) -> None:
        """Send it. Raises BadAddress where that must not be called, NotDelivered when the receiver did not take it."""
        url = urlsplit(notification.url)
        address = checked(url, private=self.private)
        body = json.dumps(notification.body).encode()
        message_id = f"{notification.job_id}-{notification.event}"
        headers = {"Content-Type": "application/json", **sign(self.secret, message_id, int(time.time()), body)}
        status = self._post(url, address, body, headers)
        if status == HTTPStatus.GONE:
            raise BadAddress(f"{notification.url} wants nothing any more (410)")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotDelivered(f"{notification.url} answered {status}")

    def _post(self, url: SplitResult, address: str, body: bytes, headers: dict[str, str]) -> int:
        connection = _connection(url, address, self.timeout_s)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            with _deadline(connection, self.timeout_s):
                connection.request("POST", path, body, headers)
                return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise NotDelivered(f"{url.geturl()} cannot be reached: {error or type(error).__name__}") from error
        finally:
            connection.close()


def deliver_one(store: Store, courier: Courier) -> bool:
    """Deliver the notification that is due for longest; whether there was one. It stays due if this process dies."""
    with store.connection() as connection:
        due = notifications.due(connection, 1)
        for notification in due:
            _deliver(connection, notification, courier)
    return bool(due)


def _deliver(connection: Connection, notification: Notification, courier: Courier) -> None:
    known = log.bind(job=str(notification.job_id), told=notification.event, attempts=notification.attempts)
    try:
        courier.deliver(notification)
    except NotDelivered as error:
        if notification.attempts < len(RETRY_S):
            wait = timedelta(seconds=RETRY_S[notification.attempts])
            notifications.postpone(connection, notification, str(error), datetime.now(UTC) + wait)
            known.warning("webhook not delivered", error=str(error), again_in_s=wait.total_seconds())
        else:
            notifications.give_up(connection, notification, str(error))
            known.warning("webhook given up", error=str(error))
    except BadAddress as error:
        notifications.give_up(connection, notification, str(error))
        known.warning("webhook refused", error=str(error))
    else:
        notifications.delivered(connection, notification)
        known.info("webhook delivered")


def new_secret() -> str:
    """A secret that nobody can guess."""
    import secrets

    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that prove to whoever knows the secret that the body is ours, and when it was sent (epoch s)."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}


def checked(url: SplitResult, *, private: bool) -> str:
    """The address to connect to. Raises BadAddress for one that must not be called, NotDelivered if nobody knows it."""
    if url.scheme not in ("http", "https") or not url.hostname:
        raise BadAddress(f"{url.geturl()} is no address of a web server")
    try:
        found = socket.getaddrinfo(url.hostname, _port(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"{url.hostname} has no address: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    inside = [address for address in addresses if not is_public(ipaddress.ip_address(address))]
    if inside and not private:
        raise BadAddress(
            f"{url.hostname} stands for {inside[0]}, which is no public address; webhooks into the own network are sent "
            "only with MALL_WEBHOOK_PRIVATE=true"
        )
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether the address belongs to the internet at large, also behind what wraps IPv4 into IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if wrapped is None and address in NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _connection(url: SplitResult, address: str, timeout_s: float) -> http.client.HTTPConnection:
    assert url.hostname is not None
    if url.scheme == "https":
        return _PinnedTls(address, url.hostname, _port(url), timeout=timeout_s, context=ssl.create_default_context())
    return _Pinned(address, url.hostname, _port(url), timeout=timeout_s)


class _Pinned(http.client.HTTPConnection):
    """Speaks to `host`, at the address given."""

    def __init__(self, address: str, host: str, port: int, *, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedTls(http.client.HTTPSConnection):
    """The same with TLS: the certificate must be the host's."""

    def __init__(self, address: str, host: str, port: int, *, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)


@contextmanager
def _deadline(connection: http.client.HTTPConnection, timeout_s: float) -> Iterator[None]:
    """A receiver that answers byte by byte gets no more time than any other."""

    def cut() -> None:
        sock = connection.sock
        if sock is not None:
            with suppress(OSError):  # it has just ended by itself
                sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
