"""Clients are made once per environment and give up well before the function does."""

from __future__ import annotations

from typing import Any

from resizer import clients, handler, pipeline
from tests.conftest import BUCKET, context


def test_two_invocations_share_one_client(s3: Any, monkeypatch: Any) -> None:
    """A warm invocation uses the very client that the one before used."""
    used: list[Any] = []
    process = pipeline.process

    def noting(source: Any, settings: Any, client: Any, deadline: Any) -> Any:
        used.append(client)
        return process(source, settings, client, deadline)

    monkeypatch.setattr(handler, "process", noting)
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": _names("note.txt")}]}
    for _ in range(2):
        handler.lambda_handler(event, context())
    assert len(used) == 2
    assert used[0] is used[1] is clients.client("s3")


def test_requests_give_up_well_before_the_function() -> None:
    """All tries of a request together end within half of the function's minute, retried the standard way."""
    config = clients.client("s3").meta.config
    longest = clients.ATTEMPTS * (config.connect_timeout + config.read_timeout)
    assert longest < 30
    assert config.retries["mode"] == "standard"
    assert config.retries["total_max_attempts"] == clients.ATTEMPTS


def _names(key: str) -> dict[str, Any]:
    return {"bucket": {"name": BUCKET}, "object": {"key": key}}


def test_every_request_names_the_bucket_s_owner(monkeypatch: Any, s3: Any) -> None:
    """With an owner set, all requests to S3 that can carry it do, and without one none does."""
    sent: list[Any] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append(params["headers"].get("x-amz-expected-bucket-owner"))

    for owner in ("123456789012", ""):
        monkeypatch.setenv(clients.OWNER, owner)
        clients.forget()
        client = clients.client("s3")
        client.meta.events.register("before-call.s3", note)
        client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"cat")
        client.head_object(Bucket=BUCKET, Key="cat.jpg")
        client.get_object(Bucket=BUCKET, Key="cat.jpg")["Body"].read()
        client.delete_object(Bucket=BUCKET, Key="cat.jpg")
    assert sent == ["123456789012"] * 4 + [None] * 4
