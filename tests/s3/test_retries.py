"""What another try may cure is tried again as botocore does, and errors are read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from resizer.s3.client import ATTEMPTS
from tests.s3.server import OK, SLOW_DOWN, client_for, in_chunks, long_error, refused, serving

if TYPE_CHECKING:
    from collections.abc import Callable


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
