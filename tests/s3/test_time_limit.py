"""No request outlasts the invocation that makes it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from urllib3.exceptions import ReadTimeoutError

from resizer import deadline
from resizer.deadline import ENDING_SECONDS
from resizer.errors import OutOfTime
from resizer.s3 import clients
from tests.support.s3_server import OK, SLOW_DOWN, refused, serving

REQUESTS = ["get_object", "head_object", "put_object", "delete_object"]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a second is enough to begin with a request."""
    monkeypatch.setattr(clients, "CONNECT_SECONDS", 0.1)


def lasting(seconds: float) -> Any:
    """The client within an invocation that has so many seconds left for requests."""
    deadline.ends_at = time.monotonic() + seconds + ENDING_SECONDS
    return clients.s3()


def ask(client: Any, operation: str) -> Any:
    body = {"Body": b"cat"} if operation == "put_object" else {}
    return getattr(client, operation)(Bucket="photos", Key="cat.jpg", **body)


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("answer", [b"\r", OK[:20]], ids=["nothing", "half of the headers"])
def test_a_server_that_stalls_is_given_up_in_time(operation: str, answer: bytes) -> None:
    """However a server stalls, waiting ends with the time for requests, and nothing is sent again."""
    with serving(answer, OK) as (_, server):
        s3 = lasting(0.4)
        with pytest.raises(OutOfTime):
            ask(s3, operation)
        assert deadline.remaining() > 0
        assert len(server.requests) == 1


@pytest.mark.parametrize("operation", REQUESTS)
def test_no_request_begins_when_it_may_not_end(operation: str) -> None:
    """With less time than connecting may take nothing is sent."""
    with serving(OK) as (_, server):
        with pytest.raises(OutOfTime):
            ask(lasting(clients.CONNECT_SECONDS - 0.05), operation)
        assert server.requests == []


@pytest.mark.parametrize("failure", [refused(503, SLOW_DOWN), refused(500), b""], ids=["throttled", "500", "closed"])
def test_no_retry_is_waited_for_beyond_the_time(failure: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where waiting and another attempt may take longer than is left, the first failure is the end."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    passed = iter([2.0])  # at the first look, before the first attempt
    monkeypatch.setattr(deadline, "remaining", lambda: next(passed, clients.CONNECT_SECONDS) + ENDING_SECONDS)
    with serving(failure, OK) as (_, server):
        with pytest.raises(OutOfTime):
            ask(clients.s3(), "put_object")
        assert len(server.requests) == 1


@pytest.mark.parametrize("failure", [refused(500), b""], ids=["500", "closed"])
def test_a_failure_is_tried_again_while_there_is_time_for_it(failure: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits for long only after throttling, so any other failure needs no more time than an attempt."""
    monkeypatch.setattr(deadline, "remaining", lambda: 2.0)
    with serving(failure, failure, OK) as (_, server):
        assert ask(clients.s3(), "get_object")["ETag"] == '"1"'
        assert len(server.requests) == 3


def test_what_will_not_be_tried_again_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last attempt the error is S3's own, however little time is left."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with serving(*[refused(503, SLOW_DOWN)] * 3) as (_, server):
        monkeypatch.setattr(deadline, "remaining", lambda: 60.0 if len(server.requests) < 3 else 0.0)
        with pytest.raises(ClientError, match="SlowDown"):
            ask(clients.s3(), "get_object")


def test_a_refusal_is_answered_however_little_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not tried again needs no time: S3's own answer is what is raised."""
    passed = iter([2.0])
    monkeypatch.setattr(deadline, "remaining", lambda: next(passed, 0.0) + ENDING_SECONDS)
    with serving(refused(404)) as (_, _server), pytest.raises(Exception, match="404"):
        ask(clients.s3(), "head_object")


def test_a_download_that_stops_is_given_up_in_time() -> None:
    """A body that stops coming is waited for as long as there is time, and no longer."""
    with serving(OK.replace(b"Length: 3", b"Length: 9")):
        body = lasting(60).get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read1(9) == b"cat"
        lasting(0.2)
        with pytest.raises(ReadTimeoutError):
            body.read1(9)
        assert deadline.remaining() > 0
        body.close()


def test_a_download_that_stops_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """With time left it is a broken connection, which is worth another try."""
    monkeypatch.setattr(clients, "READ_SECONDS", 0.3)
    with serving(OK.replace(b"Length: 3", b"Length: 9")):
        body = clients.s3().get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read1(9) == b"cat"
        with pytest.raises(ReadTimeoutError):
            body.read1(9)
        body.close()


def test_a_download_that_trickles_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come is handed out at once, so that the time is looked at before each piece, however small."""
    looks: list[int] = []

    def remaining() -> float:
        looks.append(len(looks))
        return 60.0 if len(looks) < 4 else 0.0

    with serving(OK.replace(b"Length: 3", b"Length: 9")):
        monkeypatch.setattr(deadline, "remaining", remaining)
        body = clients.s3().get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read1(2) == b"ca"
        assert body.read1(100) == b"t"
        with pytest.raises(OutOfTime):
            body.read1(100)
        body.close()


def test_a_body_is_read_to_its_end_and_its_connection_kept() -> None:
    """At its end a body gives nothing, as often as it is asked, and the connection serves the next request."""
    with serving(OK, OK) as (_, server):
        s3 = clients.s3()
        for _ in range(2):
            body = s3.get_object(Bucket="photos", Key="cat.jpg")["Body"]
            assert [body.read1(9), body.read1(9), body.read1(9)] == [b"cat", b"", b""]
            body.close()
        assert server.connections == 1


def test_an_unread_body_ends_its_connection() -> None:
    """What is left of a body is never taken for the next answer."""
    with serving(OK, OK) as (_, server):
        s3 = clients.s3()
        s3.get_object(Bucket="photos", Key="cat.jpg")["Body"].close()
        assert s3.get_object(Bucket="photos", Key="cat.jpg")["Body"].read(9) == b"cat"
        assert server.connections == 2


def test_a_body_can_be_read_at_once() -> None:
    """As botocore's own."""
    with serving(OK) as (client, _):
        assert client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read() == b"cat"
