"""Clients are made once per environment and give up well before the function does."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import pytest

from resizer import handler, pipeline
from resizer.errors import RecordsFailed
from resizer.s3 import clients
from resizer.s3.client import ATTEMPTS, S3Client
from tests.conftest import BUCKET, context, notification


def test_two_invocations_share_one_client(s3: Any, monkeypatch: Any) -> None:
    """A warm invocation uses the client that the one before used, with its connections, by a clock of its own."""
    used: list[Any] = []
    process = pipeline.process

    def noting(source: Any, settings: Any, client: Any, *others: Any) -> Any:
        used.append(client)
        return process(source, settings, client, *others)

    monkeypatch.setattr(handler, "process", noting)
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": _names("note.txt")}]}
    for _ in range(2):
        handler.lambda_handler(event, context())
    assert len(used) == 2
    kept = clients.s3()
    assert isinstance(kept, S3Client)
    assert [each.connections for each in used] == [kept.connections, kept.connections]
    assert used[0].clock is not used[1].clock


def test_requests_give_up_well_before_the_function() -> None:
    """All tries of a request together end within half of the function's minute, retried the standard way."""
    config = clients.client("sqs").meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert ATTEMPTS * (config.connect_timeout + config.read_timeout) < 30
    assert config.retries["mode"] == "standard"
    assert config.retries["total_max_attempts"] == ATTEMPTS


def test_credentials_from_elsewhere_are_left_to_botocore(s3: Any, monkeypatch: Any) -> None:
    """Without keys in the environment it is botocore's client that looks for them, in profiles and wherever else."""
    assert isinstance(clients.s3(), S3Client)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    clients.forget()
    assert clients.s3() is clients.client("s3")
    clients.forget()


def _names(key: str) -> dict[str, Any]:
    return {"bucket": {"name": BUCKET}, "object": {"key": key}}


@pytest.mark.parametrize("owner", ["123456789012", None])
def test_every_request_names_the_bucket_s_owner(monkeypatch: Any, s3: Any, owner: str | None) -> None:
    """With an owner set, all requests to S3 that can carry it do, and without one none does."""
    sent: list[Any] = []
    request = HTTPConnection.request

    def note(self: HTTPConnection, method: str, url: str, body: Any, headers: Any) -> None:
        sent.append(headers.get("x-amz-expected-bucket-owner"))
        request(self, method, url, body, headers)

    monkeypatch.setattr(HTTPConnection, "request", note)
    monkeypatch.setenv(clients.OWNER, owner or "")
    clients.forget()
    client = clients.s3()
    client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
    client.head_object(Bucket=BUCKET, Key="cat.jpg")
    client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
    client.delete_object(Bucket=BUCKET, Key="cat.jpg")
    clients.forget()
    assert sent == [owner] * 4


def test_botocore_names_the_bucket_s_owner_too(monkeypatch: Any, s3: Any) -> None:
    """Where botocore's client stands in, its requests to S3 carry the owner as well."""
    sent: list[Any] = []
    monkeypatch.setenv(clients.OWNER, "123456789012")
    clients.forget()
    client = clients.client("s3")
    client.meta.events.register("before-call.s3", lambda params, **_: sent.append(params["headers"]))
    client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
    clients.forget()
    assert [headers.get("x-amz-expected-bucket-owner") for headers in sent] == ["123456789012"]


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_in_either_variable_is_enough(monkeypatch: Any, s3: Any, name: str) -> None:
    """botocore itself reads one of the two alone, and Lambda's is the other."""
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(name, "eu-north-1")
    clients.forget()
    assert clients.client("sqs").meta.region_name == "eu-north-1"
    clients.forget()


@pytest.mark.parametrize("key", ["key", ""])
def test_an_endpoint_that_is_no_url_fails_in_one_line(monkeypatch: Any, s3: Any, key: str) -> None:
    """Whichever client would be made: a record fails, told by the variable's name, and comes back."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "localhost:9000")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    clients.forget()
    with pytest.raises(RecordsFailed, match="AWS_ENDPOINT_URL_S3=localhost:9000"):
        handler.lambda_handler(notification("cat.jpg"), context())
    clients.forget()
