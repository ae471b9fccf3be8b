"""Webhooks to a real server on this machine, from a real outbox."""

import base64
import hashlib
import hmac
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest

from models.world.errors import BadAddress, NotDelivered
from pipelines import webhooks
from pipelines.webhooks import Courier
from sql import requests
from sql.notifications import Notification
from sql.store import Store
from tests.conftest import Database
from tests.sql import wishes

SECRET = webhooks.new_secret()
JOB = UUID("6f8e7a52-2b1c-4b43-9d05-b0a4e6a1c111")


@dataclass
class Receiver:
    """A web server that keeps what it is sent and answers with `status`."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        kept.url = f"http://127.0.0.1:{server.server_port}/told?by=mall"
        yield kept
        server.shutdown()
        thread.join()


def notification(url: str, attempts: int = 0) -> Notification:
    return Notification(7, JOB, "successful", url, {"jobID": str(JOB), "status": "successful"}, attempts)


def test_the_receiver_can_prove_who_sent_what_and_when(receiver: Receiver) -> None:
    Courier(SECRET, private=True).deliver(notification(receiver.url))
    ((headers, body),) = receiver.got
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == f"{JOB}-successful"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"jobID": str(JOB), "status": "successful"}


def test_the_signature_is_that_of_the_specifications_example() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = webhooks.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_address_of_the_own_network_is_refused_unless_allowed(receiver: Receiver) -> None:
    with pytest.raises(BadAddress, match="MALL_WEBHOOK_PRIVATE"):
        Courier(SECRET).deliver(notification(receiver.url))
    with pytest.raises(BadAddress):
        Courier(SECRET).deliver(notification(receiver.url.replace("127.0.0.1", "localhost")))
    assert receiver.got == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.251", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
        *("::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:0a00:0001::1"),
    ],
)
def test_no_private_loopback_link_local_or_multicast_address_is_public(address: str) -> None:
    assert not webhooks.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert webhooks.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("url", ["ftp://example.org/", "file:///etc/passwd", "http:///nowhere"])
def test_only_web_servers_are_called(url: str) -> None:
    with pytest.raises(BadAddress):
        webhooks.checked(urlsplit(url), private=True)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    with pytest.raises(NotDelivered, match="302"):
        Courier(SECRET, private=True).deliver(notification(receiver.url))
    assert len(receiver.got) == 1


def test_a_receiver_that_answers_byte_by_byte_is_cut_off() -> None:
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                while not ended.wait(0.05):
                    connection.sendall(b"H")
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        with pytest.raises(NotDelivered):
            Courier(SECRET, private=True, timeout_s=0.5).deliver(
                notification(f"http://127.0.0.1:{listener.getsockname()[1]}/")
            )
        ended.set()
        thread.join()


def waits(ingest: Store, read: Store, url: str) -> None:
    """A job that wants to hear of its success at the URL, and has succeeded."""
    callback = {"success_uri": url}
    wishes.waiting(read, wishes.quote_of(JOB), callback=callback)
    claim = wishes.claimed(ingest)
    with ingest.connection() as connection:
        assert requests.start(connection, claim, "plain", None)
        assert requests.succeed(connection, claim)


def outbox(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin_dsn) as connection:
        return connection.execute(
            "select attempts, delivered_at is not null, gave_up_at is not null, last_error,"
            " round(extract(epoch from next_at - clock_timestamp())) from notification order by notification_id"
        ).fetchall()


def test_what_is_due_is_delivered_once(ingest: Store, read: Store, database: Database, receiver: Receiver) -> None:
    waits(ingest, read, receiver.url)
    courier = Courier(SECRET, private=True)
    assert webhooks.deliver_one(ingest, courier)
    assert not webhooks.deliver_one(ingest, courier)
    assert [json.loads(body)["status"] for _, body in receiver.got] == ["successful"]
    assert outbox(database)[0][1]


def test_what_could_not_be_delivered_is_tried_again_later_and_given_up_in_the_end(
    ingest: Store, read: Store, database: Database, receiver: Receiver
) -> None:
    receiver.status = 503
    waits(ingest, read, receiver.url)
    courier = Courier(SECRET, private=True)
    for tries, wait_s in enumerate(webhooks.RETRY_S, start=1):
        assert webhooks.deliver_one(ingest, courier)
        assert not webhooks.deliver_one(ingest, courier)
        ((attempts, delivered, gave_up, error, due_in_s),) = outbox(database)
        assert (attempts, delivered, gave_up) == (tries, False, False)
        assert "503" in error
        assert due_in_s == pytest.approx(wait_s, abs=5)
        with psycopg.connect(database.admin_dsn) as connection:
            connection.execute("update notification set next_at = clock_timestamp()")
    assert webhooks.deliver_one(ingest, courier)
    assert outbox(database)[0][2]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_dead_address_is_postponed_and_a_private_one_given_up(
    ingest: Store, read: Store, database: Database, receiver: Receiver
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    waits(ingest, read, dead)
    assert webhooks.deliver_one(ingest, Courier(SECRET, private=True))
    assert outbox(database)[0][:3] == (1, False, False)
    waits(ingest, read, receiver.url)
    assert webhooks.deliver_one(ingest, Courier(SECRET))
    assert outbox(database)[1][:3] == (1, False, True)
    assert receiver.got == []
