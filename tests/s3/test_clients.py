"""There is one botocore client per environment; it sends what AWS expects and gives up in time."""

import base64
import random
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, HTTPClientError

from resizer import handler, pipeline
from resizer.errors import ConfigError
from resizer.s3 import clients, requests
from tests.conftest import BUCKET, context, notification
from tests.support.s3_server import OK, SLOW_DOWN, STORED, refused, serving

OWNER_HEADER = "x-amz-expected-bucket-owner"


def test_all_invocations_share_one_botocore_client(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every invocation in an environment uses the same botocore client."""
    used: list[Any] = []
    process = pipeline.process

    def record(source: Any, settings: Any, client: Any, *others: Any) -> Any:
        used.append(client)
        return process(source, settings, client, *others)

    monkeypatch.setattr(handler, "process", record)
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    for _ in range(2):
        handler.lambda_handler(notification("note.txt"), context())
    assert isinstance(clients.s3(), BaseClient)
    assert used == [clients.s3()] * 2


def test_requests_give_up_well_before_the_function(s3: Any) -> None:
    """All attempts of a request end within half of the function's minute, and each upload has a connection."""
    for service in ("s3", "sqs"):
        config = clients.client(service).meta.config
        assert config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout) < 30
        assert config.retries["mode"] == "standard"
        assert config.max_pool_connections == clients.MAX_CONNECTIONS


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_in_either_variable_is_enough(monkeypatch: pytest.MonkeyPatch, s3: Any, name: str) -> None:
    """botocore reads only AWS_DEFAULT_REGION; Lambda sets AWS_REGION; both work."""
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
    """The function does not start; the error names the variable or the profile."""
    monkeypatch.setenv(name, value)
    clients.forget()
    with pytest.raises(ConfigError, match=message):
        clients.s3()
    clients.forget()


@pytest.mark.parametrize("owner", ["123456789012", None])
def test_every_request_names_the_buckets_owner(monkeypatch: pytest.MonkeyPatch, owner: str | None) -> None:
    """With RESIZER_BUCKET_OWNER every request has the owner's header; without it none has."""
    monkeypatch.setenv(clients.OWNER, owner or "")
    with serving(STORED, OK, OK, refused(204)) as (client, server):
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
        client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
        client.delete_object(Bucket=BUCKET, Key="cat.jpg")
        assert [server.header(OWNER_HEADER, number) for number in range(4)] == [owner] * 4


def test_every_request_has_the_trace_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests carry the trace header for Lambda's loop detection, from upload threads too."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "resizer")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988;Lineage=0:abc:1")
    with serving(STORED, STORED) as (client, server), ThreadPoolExecutor() as threads:
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        threads.submit(client.put_object, Bucket=BUCKET, Key="cat.jpg", Body=b"cat").result()
        headers = [server.header("X-Amzn-Trace-Id", number) for number in range(2)]
        assert headers == ["Root=1-5759e988;Lineage=0:abc:1"] * 2


def test_every_request_names_the_service_and_botocore() -> None:
    """Access logs show who has made a request, and with which botocore."""
    with serving(STORED, OK) as (client, server):
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
        for number in range(2):  # Powertools adds its own name
            agent = server.header("User-Agent", number)
            assert agent
            assert agent.startswith(f"Resizer Botocore/{botocore.__version__}")


def test_a_put_has_one_checksum() -> None:
    """A PUT has a CRC32 header, which Object Lock requires, and an unchanged body."""
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
def test_keys_are_sent_unchanged(key: str, path: str) -> None:
    """No slash, dot or letter of a key is normalised, because another key is another object."""
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
def test_temporary_failures_are_retried(failure: bytes) -> None:
    """Throttling, server errors and lost connections are tried three times in all, with the whole body."""
    with serving(failure, failure, STORED) as (client, server):
        assert client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"picture")["ETag"] == '"1"'
        assert [request.endswith(b"picture") for request in server.requests] == [True] * clients.ATTEMPTS


@pytest.mark.usefixtures("_no_pauses")
@pytest.mark.parametrize("failure", [refused(503, SLOW_DOWN), b""])
def test_the_third_failure_is_raised(failure: bytes) -> None:
    """After three attempts the error is S3's own, or the connection's if there was no answer."""
    with serving(*[failure] * 3) as (client, server):
        with pytest.raises((ClientError, HTTPClientError)):
            client.get_object(Bucket=BUCKET, Key="cat.jpg")
        assert len(server.requests) == clients.ATTEMPTS


def test_a_connection_is_reused() -> None:
    """A connection is reused after an answer, an error, and a body that was read in pieces."""
    with serving(STORED, OK, refused(404), STORED) as (client, server):
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        body = client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"]
        assert (body.read(2), body.read(2), body.read(2)) == (b"ca", b"t", b"")
        body.close()
        with pytest.raises(ClientError):
            client.head_object(Bucket=BUCKET, Key="cat.jpg")
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        assert server.connections == 1
