"""No request outlasts the invocation that makes it."""

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
    """A request can start with a tenth of a second left."""
    monkeypatch.setattr(clients, "CONNECT_SECONDS", 0.1)


def lasting(seconds: float) -> Any:
    """The client in an invocation with this many seconds left for requests."""
    deadline.ends_at = time.monotonic() + seconds + ENDING_SECONDS
    return clients.s3()


def ask(client: Any, operation: str) -> Any:
    body = {"Body": b"cat"} if operation == "put_object" else {}
    return getattr(client, operation)(Bucket="photos", Key="cat.jpg", **body)


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("answer", [b"\r", OK[:20]], ids=["nothing", "half of the headers"])
def test_a_stalled_server_is_abandoned_in_time(operation: str, answer: bytes) -> None:
    """However a server stalls, the request ends when the time for requests is over, without a retry."""
    with serving(answer, OK) as (_, server):
        s3 = lasting(0.4)
        with pytest.raises(OutOfTime):
            ask(s3, operation)
        assert deadline.remaining() > 0
        assert len(server.requests) == 1


@pytest.mark.parametrize("operation", REQUESTS)
def test_no_request_starts_without_time_to_finish(operation: str) -> None:
    """With less time than a connection can take, nothing is sent."""
    with serving(OK) as (_, server):
        with pytest.raises(OutOfTime):
            ask(lasting(clients.CONNECT_SECONDS - 0.05), operation)
        assert server.requests == []


@pytest.mark.parametrize("failure", [refused(503, SLOW_DOWN), refused(500), b""], ids=["throttled", "500", "closed"])
def test_no_retry_without_time_for_it(failure: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the pause and another attempt could exceed the time, the first failure ends the request."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    remaining = iter([2.0])  # at the first check, before the first attempt
    monkeypatch.setattr(deadline, "remaining", lambda: next(remaining, clients.CONNECT_SECONDS) + ENDING_SECONDS)
    with serving(failure, OK) as (_, server):
        with pytest.raises(OutOfTime):
            ask(clients.s3(), "put_object")
        assert len(server.requests) == 1


@pytest.mark.parametrize("failure", [refused(500), b""], ids=["500", "closed"])
def test_a_failure_is_retried_while_there_is_time(failure: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore pauses long only after throttling, so other failures need only the time of an attempt."""
    monkeypatch.setattr(deadline, "remaining", lambda: 2.0)
    with serving(failure, failure, OK) as (_, server):
        assert ask(clients.s3(), "get_object")["ETag"] == '"1"'
        assert len(server.requests) == 3


def test_the_last_error_is_s3s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last attempt S3's own error is raised, however little time is left."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with serving(*[refused(503, SLOW_DOWN)] * 3) as (_, server):
        monkeypatch.setattr(deadline, "remaining", lambda: 60.0 if len(server.requests) < 3 else 0.0)
        with pytest.raises(ClientError, match="SlowDown"):
            ask(clients.s3(), "get_object")


def test_an_error_without_retries_is_s3s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is not retried is raised as S3's own, however little time is left."""
    remaining = iter([2.0])
    monkeypatch.setattr(deadline, "remaining", lambda: next(remaining, 0.0) + ENDING_SECONDS)
    with serving(refused(404)) as (_, _server), pytest.raises(Exception, match="404"):
        ask(clients.s3(), "head_object")


def test_a_stopped_download_is_abandoned_in_time() -> None:
    """A body that stops is waited for only as long as there is time."""
    with serving(OK.replace(b"Length: 3", b"Length: 9")):
        body = lasting(60).get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read1(9) == b"cat"
        lasting(0.2)
        with pytest.raises(ReadTimeoutError):
            body.read1(9)
        assert deadline.remaining() > 0
        body.close()


def test_a_stopped_download_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With time left, a body that stops is a read time-out."""
    monkeypatch.setattr(clients, "READ_SECONDS", 0.3)
    with serving(OK.replace(b"Length: 3", b"Length: 9")):
        body = clients.s3().get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read1(9) == b"cat"
        with pytest.raises(ReadTimeoutError):
            body.read1(9)
        body.close()


def test_a_trickling_download_is_returned_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Received bytes are returned at once, so that the time is checked before each piece."""
    checks: list[int] = []

    def remaining() -> float:
        checks.append(len(checks))
        return 60.0 if len(checks) < 4 else 0.0

    with serving(OK.replace(b"Length: 3", b"Length: 9")):
        monkeypatch.setattr(deadline, "remaining", remaining)
        body = clients.s3().get_object(Bucket="photos", Key="cat.jpg")["Body"]
        assert body.read1(2) == b"ca"
        assert body.read1(100) == b"t"
        with pytest.raises(OutOfTime):
            body.read1(100)
        body.close()


def test_the_connection_is_reused_after_a_whole_body() -> None:
    """At its end a body returns no bytes, however often it is read, and the connection is reused."""
    with serving(OK, OK) as (_, server):
        s3 = clients.s3()
        for _ in range(2):
            body = s3.get_object(Bucket="photos", Key="cat.jpg")["Body"]
            assert [body.read1(9), body.read1(9), body.read1(9)] == [b"cat", b"", b""]
            body.close()
        assert server.connections == 1


def test_an_unread_body_closes_its_connection() -> None:
    """The unread rest of a body is never taken for the next answer."""
    with serving(OK, OK) as (_, server):
        s3 = clients.s3()
        s3.get_object(Bucket="photos", Key="cat.jpg")["Body"].close()
        assert s3.get_object(Bucket="photos", Key="cat.jpg")["Body"].read(9) == b"cat"
        assert server.connections == 2


def test_a_whole_body_can_be_read_at_once() -> None:
    """`read()` without a size returns the whole body, as botocore's does."""
    with serving(OK) as (client, _):
        assert client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read() == b"cat"
