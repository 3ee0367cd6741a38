"""The service's own S3 client answers as botocore's does, and keeps its connections."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

import pytest
from botocore.exceptions import ClientError

from resizer.s3 import connections as connections_module
from resizer.s3.connections import MOST_IDLE, Connections
from resizer.s3.endpoint import Place
from tests.conftest import BUCKET
from tests.s3.server import OK, client_for, refused, serving

OBJECT = {
    "CacheControl": "max-age=60",
    "ContentDisposition": 'inline; filename="cat.jpg"',
    "ContentLanguage": "de",
    "ContentType": "image/jpeg",
    "Metadata": {"width": "480", "source-etag": "abc"},
    "Tagging": "kind=cat&size=big",
    "StorageClass": "STANDARD_IA",
}
CARRIED = ("CacheControl", "ContentDisposition", "ContentLanguage", "ContentType", "Metadata")


def test_answers_are_botocore_s(s3: Any) -> None:
    """What is stored by one client reads the same by the other, in every field that both tell."""
    s3.own.put_object(Bucket=BUCKET, Key="a b+c%25é日本.jpg", Body=b"cat", **OBJECT)
    for request in ("get_object", "head_object"):
        ours = getattr(s3.own, request)(Bucket=BUCKET, Key="a b+c%25é日本.jpg")
        theirs = getattr(s3.whole, request)(Bucket=BUCKET, Key="a b+c%25é日本.jpg")
        if request == "get_object":
            assert ours.pop("Body").read() == theirs.pop("Body").read() == b"cat"
        assert ours == {name: theirs[name] for name in ours}
        assert {**ours, **{name: OBJECT[name] for name in CARRIED}} == ours
    tags = s3.whole.get_object_tagging(Bucket=BUCKET, Key="a b+c%25é日本.jpg")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"kind": "cat", "size": "big"}
    assert theirs["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        ("get_object", {"Key": "none.jpg"}),
        ("head_object", {"Key": "none.jpg"}),
        ("get_object", {"Key": "cat.jpg", "IfMatch": '"other"'}),
        ("put_object", {"Key": "cat.jpg", "Body": b"dog", "IfNoneMatch": "*"}),
        ("put_object", {"Key": "cat.jpg", "Body": b"dog", "IfMatch": '"other"'}),
        ("get_object", {"Key": "cat.jpg", "Bucket": "elsewhere"}),
    ],
)
def test_refusals_are_botocore_s(s3: Any, request_: str, arguments: dict[str, Any]) -> None:
    """A refusal is the same error with the same code and status."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
    told = []
    for client in (s3.own, s3.whole):
        with pytest.raises(ClientError) as refusal:
            getattr(client, request_)(**{"Bucket": BUCKET, **arguments})
        answer: Any = refusal.value.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        told.append((answer["Error"]["Code"], status, refusal.value.operation_name))
    assert told[0] == told[1]


def test_deleting_what_is_not_there_is_no_error(s3: Any) -> None:
    """As with S3 itself."""
    s3.own.delete_object(Bucket=BUCKET, Key="none.jpg")


def test_one_connection_serves_many_requests() -> None:
    """A connection whose answer was read is used again, and so is one whose body was read in pieces."""
    with serving(OK, OK, refused(404)) as (client, server):
        client.put_object(Bucket="photos", Key="cat.jpg", Body=b"cat")
        body = client.get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert (body.read(2), body.read(2), body.read(2)) == (b"ca", b"t", b"")
        body.close()
        with pytest.raises(ClientError):
            client.head_object(Bucket="photos", Key="cat.jpg")
        assert server.connections == 1


def test_an_unread_body_ends_its_connection() -> None:
    """What is left of a body must not be taken for the next answer."""
    with serving(OK, OK) as (client, server):
        client.get_object(Bucket="photos", Key="cat.jpg")["Body"].close()
        assert client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read() == b"cat"
        assert server.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_not_used(pauses: list[float]) -> None:
    """After a freeze the kept connection is gone; a new one is made, and nothing is sent twice."""
    with serving(OK.replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n"), OK, b"", OK) as (client, server):
        for _ in range(3):
            client.put_object(Bucket="photos", Key="cat.jpg", Body=b"cat")
        assert len(server.requests) == 4  # the third was closed under its request, and sent again
        assert pauses == []  # at once: a kept connection may well be closed at any moment


def test_one_dead_connection_tells_of_all() -> None:
    """After a freeze no kept connection may work, and none may show it; the second try is on a new one."""
    with serving(*[OK] * 4) as (client, server):
        bodies = [client.get_object(Bucket="photos", Key="cat.jpg")["Body"] for _ in range(3)]
        for body in bodies:
            body.read()
            body.close()
        server.dead = 3
        assert client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read() == b"cat"
        assert server.connections == 4


def test_only_some_connections_are_kept() -> None:
    """Every bucket has a host of its own at AWS; the oldest connections are closed, whoever they were made to."""
    connections, place = Connections(0.5, 0.5), Place("127.0.0.1", "/", secure=False)
    pairs = [socket.socketpair() for _ in range(MOST_IDLE + 2)]
    for number, (ours, _) in enumerate(pairs):
        connection = HTTPConnection("127.0.0.1")
        connection.sock = ours
        connections.give_back(replace(place, host=f"{number}.test"), connection)
    assert [ours.fileno() == -1 for ours, _ in pairs] == [True] * 2 + [False] * MOST_IDLE
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_a_large_body_may_be_refused_before_it_was_sent() -> None:
    """The refusal is told, and not the connection that broke under the rest of the body."""
    listening = socket.create_server(("127.0.0.1", 0))

    def refuse_early() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(100)
            connection.sendall(refused(412, b"<Error><Code>PreconditionFailed</Code></Error>", "Connection: close\r\n"))
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1_000_000):
                pass

    thread = threading.Thread(target=refuse_early)
    thread.start()
    client = client_for(f"http://127.0.0.1:{listening.getsockname()[1]}")
    with listening, pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket="photos", Key="cat.jpg", Body=bytes(8_000_000), IfNoneMatch="*")
    thread.join()


@pytest.mark.parametrize("length", ["", "abc", "-1", "1.5"])
def test_a_length_that_is_none_is_not_told(length: str) -> None:
    """Whoever reads the body then goes by its end."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode()
    with serving(answer) as (client, _):
        assert "ContentLength" not in client.get_object(Bucket="photos", Key="cat.jpg")


def test_the_session_token_goes_along() -> None:
    """A role's keys are worth nothing without it."""
    with serving(OK) as (client, server):
        client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read()
        assert b"\r\nX-Amz-Security-Token: token\r\n" in server.requests[0]


def test_certificates_are_checked_against_those_that_aws_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is verified, host names included, by botocore's bundle or the one that the environment names."""
    connections_module._trust.cache_clear()
    trust = connections_module._trust()
    assert (trust.verify_mode, trust.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert any("Amazon" in str(each["subject"]) for each in trust.get_ca_certs())
    connections_module._trust.cache_clear()
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nonexistent.pem")
    with pytest.raises(FileNotFoundError):
        connections_module._trust()
    connections_module._trust.cache_clear()
