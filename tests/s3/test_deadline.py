"""No request outlasts the invocation that makes it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from resizer.deadline import ENDING_SECONDS, Clock
from resizer.errors import OutOfTime
from resizer.s3.client import ATTEMPTS
from resizer.s3.connections import Connections
from tests.s3.server import OK, PATIENCE, SLOW_DOWN, refused, serving


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
