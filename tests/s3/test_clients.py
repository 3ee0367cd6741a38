"""One botocore client per environment, made at import, that sends what AWS expects and gives up in time."""

from __future__ import annotations

import base64
import random
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, HTTPClientError

from resizer import handler, pipeline
from resizer.errors import ConfigError
from resizer.s3 import clients, requests
from tests.conftest import BUCKET, context, notification
from tests.support.s3_server import OK, SLOW_DOWN, STORED, refused, serving

OWNER_HEADER = "x-amz-expected-bucket-owner"


def test_it_is_botocores_and_the_same_every_time(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every invocation of an environment uses one client of botocore's."""
    used: list[Any] = []
    process = pipeline.process

    def noting(source: Any, settings: Any, client: Any, *others: Any) -> Any:
        used.append(client)
        return process(source, settings, client, *others)

    monkeypatch.setattr(handler, "process", noting)
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    for _ in range(2):
        handler.lambda_handler(notification("note.txt"), context())
    assert isinstance(clients.s3(), BaseClient)
    assert used == [clients.s3()] * 2


def test_requests_give_up_well_before_the_function(s3: Any) -> None:
    """All attempts of a request together end within half of the function's minute; a connection for each upload."""
    for service in ("s3", "sqs"):
        config = clients.client(service).meta.config
        assert config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout) < 30
        assert config.retries["mode"] == "standard"
        assert config.max_pool_connections == clients.MAX_CONNECTIONS


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_in_either_variable_is_enough(monkeypatch: pytest.MonkeyPatch, s3: Any, name: str) -> None:
    """botocore itself reads one of the two alone, and Lambda's is the other."""
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(name, "eu-north-1")
    clients.forget()
    assert clients.client("sqs").meta.region_name == "eu-north-1"
    clients.forget()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "AWS_ENDPOINT_URL_S3",
            "localhost:9000",
            "Invalid endpoint: localhost:9000. Check .* AWS_ENDPOINT_URL",
        ),
        (
            "AWS_ENDPOINT_URL",
            "localhost:9000",
            "Invalid endpoint: localhost:9000. Check .* AWS_ENDPOINT_URL",
        ),
        ("AWS_PROFILE", "nobody", r"No client for s3 can be made: .*\(nobody\)"),
    ],
)
def test_an_environment_without_a_client_fails_in_one_line(
    monkeypatch: pytest.MonkeyPatch, s3: Any, name: str, value: str, message: str
) -> None:
    """The function does not start, and the error names the variable or what is wrong with it."""
    monkeypatch.setenv(name, value)
    clients.forget()
    with pytest.raises(ConfigError, match=message):
        clients.s3()
    clients.forget()


@pytest.mark.parametrize("owner", ["123456789012", None])
def test_every_request_names_the_buckets_owner(monkeypatch: pytest.MonkeyPatch, owner: str | None) -> None:
    """With an owner set all requests to S3 name it, and without one none does."""
    monkeypatch.setenv(clients.OWNER, owner or "")
    with serving(STORED, OK, OK, refused(204)) as (client, server):
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
        client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
        client.delete_object(Bucket=BUCKET, Key="cat.jpg")
        assert [server.header(OWNER_HEADER, number) for number in range(4)] == [owner] * 4


def test_lambdas_loop_detection_sees_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request carries the invocation's trace header, those from the threads for uploads too."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "resizer")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988;Lineage=0:abc:1")
    with serving(STORED, STORED) as (client, server), ThreadPoolExecutor() as threads:
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        threads.submit(client.put_object, Bucket=BUCKET, Key="cat.jpg", Body=b"cat").result()
        told = [server.header("X-Amzn-Trace-Id", number) for number in range(2)]
        assert told == ["Root=1-5759e988;Lineage=0:abc:1"] * 2


def test_a_put_carries_one_checksum() -> None:
    """Buckets with Object Lock demand one; zlib's is sent as a header, and the body as it is."""
    with serving(STORED) as (client, server):
        request = {"Bucket": BUCKET, "Key": "cat.jpg", "Body": b"picture", "Metadata": {}}
        requests.put(client, request)
        expected = base64.b64encode(zlib.crc32(b"picture").to_bytes(4, "big")).decode()
        assert server.header("x-amz-checksum-crc32") == expected
        assert server.requests[0].endswith(b"\r\n\r\npicture")
        others = ("x-amz-sdk-checksum-algorithm", "Content-MD5", "x-amz-trailer", "Content-Encoding", "Expect")
        assert [server.header(name) for name in others] == [None] * len(others)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("/a", "//a"),
        ("a//b/../c", "/a//b/../c"),
        ("./x", "/./x"),
        ("a b+c%25é日本.jpg", "/a%20b%2Bc%2525%C3%A9%E6%97%A5%E6%9C%AC.jpg"),
        ("a?b#c&d=e", "/a%3Fb%23c%26d%3De"),
        ("a\nb", "/a%0Ab"),
    ],
)
def test_keys_are_sent_as_they_are(key: str, path: str) -> None:
    """No slash, dot or letter of a key is changed on its way: another key is another object."""
    with serving(STORED, OK) as (client, server):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"cat")
        client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        for request, method in zip(server.requests, ("PUT", "GET"), strict=True):
            assert request.startswith(f"{method} /{BUCKET}{path} HTTP/1.1\r\n".encode())


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(random, "random", lambda: 1.0)


@pytest.mark.usefixtures("_no_pauses")
@pytest.mark.parametrize("failure", [refused(503, SLOW_DOWN), refused(500), b"", refused(400, SLOW_DOWN)])
def test_what_may_pass_is_tried_again(failure: bytes) -> None:
    """Throttling, faults of the server and lost connections are tried three times in all, the body sent each time."""
    with serving(failure, failure, STORED) as (client, server):
        assert client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"picture")["ETag"] == '"1"'
        assert [request.endswith(b"picture") for request in server.requests] == [True] * clients.ATTEMPTS


@pytest.mark.usefixtures("_no_pauses")
@pytest.mark.parametrize("failure", [refused(503, SLOW_DOWN), b""])
def test_after_three_attempts_the_last_failure_is_raised(failure: bytes) -> None:
    """S3's own error where it answered, the connection's where it did not."""
    with serving(*[failure] * 3) as (client, server):
        with pytest.raises((ClientError, HTTPClientError)):
            client.get_object(Bucket=BUCKET, Key="cat.jpg")
        assert len(server.requests) == clients.ATTEMPTS


def test_one_connection_serves_many_requests() -> None:
    """A connection is used again after an answer, a refusal, and a body that was read in pieces."""
    with serving(STORED, OK, refused(404), STORED) as (client, server):
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        body = client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"]
        assert (body.read(2), body.read(2), body.read(2)) == (b"ca", b"t", b"")
        body.close()
        with pytest.raises(ClientError):
            client.head_object(Bucket=BUCKET, Key="cat.jpg")
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        assert server.connections == 1
