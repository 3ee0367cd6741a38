"""The service's own S3 client answers as botocore's does, tries again as it does, and keeps its connections."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from resizer.clock import ENDING_SECONDS, Clock
from resizer.errors import OutOfTime
from resizer.s3 import connections as connections_module
from resizer.s3.client import ATTEMPTS, S3Client
from resizer.s3.connections import MOST_IDLE, Connections
from resizer.s3.endpoint import Place
from resizer.s3.signature import Credentials
from tests.conftest import BUCKET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
OK = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 3\r\n\r\ncat'
PATIENCE = 10  # seconds that a test waits for what should come at once
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Wait &amp; see.</Message></Error>"


class Server:
    """A loopback server that gives each request the next of its answers; b"" closes the connection instead."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.connections = 0
        self.redirecting: threading.Barrier | None = None  # met by requests for the wrong region before they are told
        self.dead = 0  # so many connections, the first ones, end as soon as something is asked on them
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        """Listen no more, and end all connections."""
        self._listening.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:  # whoever hangs up may do so
            while request := lines.readline():
                if self._open.index(connection) < self.dead:
                    return
                head = request + b"".join(iter(lines.readline, b"\r\n"))
                length = next((line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), b":0")
                self.requests.append(head + lines.read(int(length.partition(b":")[2])))
                if self.redirecting and b"/us-east-1/s3/" in head:
                    self.redirecting.wait(PATIENCE)
                    connection.sendall(elsewhere("eu-north-1"))
                    continue
                answer = self.answers.pop(0)
                if not answer:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                connection.sendall(answer)
                if b"\r\nConnection: close\r\n" in answer:
                    return


@contextmanager
def serving(*answers: bytes) -> Iterator[tuple[S3Client, Server]]:
    """A client and the server that it talks to."""
    server = Server(list(answers))
    try:
        yield client_for(server.url), server
    finally:
        server.close()


def client_for(url: str) -> S3Client:
    return S3Client(Credentials("key", "secret", "token"), "us-east-1", url, Connections(0.5, 0.5))


def refused(status: int, body: bytes = b"", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status} No\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


def in_chunks(status: int, body: bytes) -> bytes:
    """A refusal whose length is not told beforehand."""
    head = f"HTTP/1.1 {status} No\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:9], body[9:], b""))


def long_error(code: str) -> bytes:
    """An error that takes more than one read from the socket, its code behind the first."""
    return f"<Error><Message>{'x' * 10_000}</Message><Code>{code}</Code></Error>".encode()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries, without the waiting."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(random, "random", lambda: 1.0)
    return waited


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


@pytest.mark.parametrize("answer", [refused, in_chunks])
def test_an_error_is_read_to_its_end(answer: Callable[[int, bytes], bytes]) -> None:
    """However it comes, S3's own code is told, and the connection is kept."""
    with serving(*[answer(404, long_error("NoSuchBucket"))] * 3) as (client, server):
        for _ in range(3):
            with pytest.raises(ClientError, match="NoSuchBucket"):
                client.get_object(Bucket="photos", Key="cat.jpg")
        assert server.connections == 1


@pytest.mark.parametrize("cut", [-1, -9_000])
def test_an_error_that_is_cut_short_is_asked_for_again(cut: int) -> None:
    """Half an error may lack its code, and a bucket that is missing is no object that is gone."""
    whole, broken = long_error("NoSuchBucket"), refused(404, long_error("NoSuchBucket"), "Connection: close\r\n")[:cut]
    with serving(broken, refused(404, whole)) as (client, server):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            client.get_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 2


def test_an_error_without_end_is_not_read_for_ever() -> None:
    """What is read of an error is bounded; its connection is not kept."""
    endless = refused(404, bytes(1_000_000))
    with serving(endless, OK) as (client, server):
        with pytest.raises(ClientError, match="404"):
            client.get_object(Bucket="photos", Key="cat.jpg")
        client.put_object(Bucket="photos", Key="cat.jpg", Body=b"cat")
        assert server.connections == 2


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


@pytest.mark.parametrize(
    "failure",
    [
        refused(503, SLOW_DOWN),
        refused(500),
        refused(502),
        refused(504),
        refused(400, SLOW_DOWN),
        b"",
        refused(400, long_error("RequestTimeout")),
    ],
    ids=["503", "500", "502", "504", "SlowDown", "closed", "long"],
)
def test_what_may_pass_is_tried_again(failure: bytes) -> None:
    """Throttling, faults of the server and lost connections are tried three times in all, the body sent each time."""
    with serving(failure, failure, OK) as (client, server):
        assert client.put_object(Bucket="photos", Key="cat.jpg", Body=b"picture")["ETag"] == '"1"'
        assert [request.endswith(b"picture") for request in server.requests] == [True] * ATTEMPTS


def test_pauses_grow(pauses: list[float]) -> None:
    """A random part of one second, then of two: no crowd comes back all at once."""
    with serving(refused(503), refused(503), OK) as (client, _):
        client.head_object(Bucket="photos", Key="cat.jpg")
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize("failure", [refused(403), refused(404), refused(412), refused(400)])
def test_what_will_not_pass_is_not_tried_again(failure: bytes) -> None:
    """A refusal that would only be repeated costs one request."""
    with serving(failure) as (client, server):
        with pytest.raises(ClientError):
            client.head_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 1


def test_after_three_tries_the_last_failure_is_told() -> None:
    """S3's own word where it spoke, the connection's where it did not."""
    with serving(*[refused(503, SLOW_DOWN)] * ATTEMPTS) as (client, _), pytest.raises(ClientError, match="Wait & see"):
        client.get_object(Bucket="photos", Key="cat.jpg")
    with serving(*[b""] * ATTEMPTS) as (client, server):
        with pytest.raises(HTTPClientError):
            client.get_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == ATTEMPTS


def test_nobody_there(pauses: list[float]) -> None:
    """An endpoint that refuses connections is an error of the connection."""
    nobody = client_for("http://127.0.0.1:9")  # the discard port, which nothing serves
    with pytest.raises(HTTPClientError, match="refused"):
        nobody.get_object(Bucket="photos", Key="cat.jpg")


def test_a_server_that_stalls_is_given_up() -> None:
    """Reading ends with an error when nothing comes for the time that was set."""
    with serving(OK.replace(b"Length: 3", b"Length: 9")) as (client, _):
        body = client.get_object(Bucket="photos", Key="cat.jpg")["Body"]
        with pytest.raises(TimeoutError):
            body.read()


def elsewhere(region: str) -> bytes:
    """S3's answer to a request that came to the wrong region."""
    return refused(301, b"<Error><Code>PermanentRedirect</Code></Error>", f"x-amz-bucket-region: {region}\r\n")


def malformed(region: str) -> bytes:
    """S3's answer to a request that was signed for the wrong region."""
    return refused(400, f"<Error><Code>AuthorizationHeaderMalformed</Code><Region>{region}</Region></Error>".encode())


def regions(server: Server) -> list[str]:
    """The regions that a server's requests were signed for."""
    return [request.split(b"/s3/aws4_request")[0].rpartition(b"/")[2].decode() for request in server.requests]


@pytest.mark.parametrize("answer", [elsewhere, malformed])
def test_a_bucket_elsewhere_is_asked_there(answer: Callable[[str], bytes]) -> None:
    """Where S3 names another region, the request is signed for that one, and so is every later one."""
    with serving(answer("eu-north-1"), OK, OK) as (client, server):
        for _ in range(2):
            client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read()
        assert regions(server) == ["us-east-1", "eu-north-1", "eu-north-1"]


def test_a_bucket_that_moved_again_is_followed() -> None:
    """What was learnt of a bucket is no more than what S3 says of it now, be that the region it was in at first."""
    with serving(elsewhere("eu-north-1"), OK, elsewhere("us-east-1"), OK, OK) as (client, server):
        for _ in range(3):
            client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read()
        assert regions(server) == ["us-east-1", "eu-north-1", "eu-north-1", "us-east-1", "us-east-1"]


def test_first_requests_side_by_side_all_find_the_region() -> None:
    """One request's finding does not keep another, sent before it, from following."""
    with serving(OK, OK, OK) as (client, server), ThreadPoolExecutor(3) as threads:
        server.redirecting = threading.Barrier(3)
        answers = [threads.submit(client.get_object, Bucket="photos", Key="cat.jpg") for _ in range(3)]
        assert [answer.result()["ETag"] for answer in answers] == ['"1"'] * 3
        assert regions(server) == ["us-east-1"] * 3 + ["eu-north-1"] * 3


def test_regions_that_name_each_other_are_not_followed_for_ever() -> None:
    """A request goes on to one other region; an answer that names yet another is a refusal."""
    with serving(elsewhere("eu-north-1"), elsewhere("eu-west-3")) as (client, server):
        with pytest.raises(ClientError):
            client.get_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 2


@pytest.mark.parametrize("name", ["evil.example.com/", "x", "eu-north-1.evil", "us-iso-east-1", "us-east-1"])
@pytest.mark.parametrize("answer", [elsewhere, malformed])
def test_what_is_no_region_becomes_part_of_no_host(name: str, answer: Callable[[str], bytes]) -> None:
    """A region that is none, of unknown hosts, or the one just asked, is not followed."""
    with serving(answer(name)) as (client, server):
        with pytest.raises(ClientError):
            client.get_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 1


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


def lasting(seconds: float) -> Clock:
    """The clock of an invocation with so many seconds left for requests, and time that passes."""
    end = time.monotonic() + seconds + ENDING_SECONDS
    return Clock(remaining=lambda: end - time.monotonic())


@pytest.mark.parametrize("request_", ["get_object", "put_object", "delete_object"])
@pytest.mark.parametrize("answer", [b"\r", OK[:20], refused(503, SLOW_DOWN)[:-9]], ids=["none", "headers", "body"])
def test_no_request_outlasts_its_invocation(request_: str, answer: bytes) -> None:
    """Whatever a server stalls in, the waiting ends in time, and nothing is sent again."""
    with serving(answer, OK) as (whole, server):
        client = replace(whole, connections=Connections(PATIENCE, PATIENCE)).until(lasting(0.2))
        with pytest.raises(OutOfTime):
            getattr(client, request_)(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 1


def test_no_download_outlasts_its_invocation() -> None:
    """A body that stops coming is given up in time."""
    with serving(OK.replace(b"Length: 3", b"Length: 9")) as (whole, _):
        client = replace(whole, connections=Connections(PATIENCE, PATIENCE)).until(lasting(0.2))
        body = client.get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read(9) == b"cat"
        with pytest.raises(OutOfTime):
            body.read(9)


def test_no_try_begins_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses end in time as well, and then the client gives up, with a connection at hand or not."""
    left = [2.0]

    def passes(seconds: float) -> None:
        left[0] -= seconds

    monkeypatch.setattr(time, "sleep", passes)
    with serving(*[refused(503)] * ATTEMPTS) as (whole, server):
        client = whole.until(Clock(remaining=lambda: left[0]))
        for _ in range(2):
            with pytest.raises(OutOfTime):
                client.head_object(Bucket="photos", Key="cat.jpg")
        assert (len(server.requests), left[0]) == (2, ENDING_SECONDS)


def test_invocations_share_what_is_kept() -> None:
    """A client for one invocation uses the connections of those before."""
    with serving(OK, OK) as (client, server):
        for _ in range(2):
            client.until(lasting(60)).put_object(Bucket="photos", Key="cat.jpg", Body=b"cat")
        assert server.connections == 1
