"""Every error of S3 becomes one of ours, that names the request, the object and what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from resizer.errors import (
    AccessDenied,
    ConditionFailed,
    ObjectMissing,
    Reason,
    ResizerError,
    SourceGone,
    StorageError,
    Superseded,
)
from resizer.model import SourceObject
from resizer.s3 import clients, requests
from resizer.s3.requests import ask
from resizer.s3.source import current_etag, open_source
from tests.conftest import rejects
from tests.support.recording import RecordingS3
from tests.support.s3_server import OK, refused, serving

SOURCE = SourceObject("photos", "a b/cat.jpg", etag="0123")
IDS = "x-amz-request-id: 4442587FB7D0A2F9\r\nx-amz-id-2: host/id=\r\n"
REGION = "x-amz-bucket-region: us-east-1\r\n"
ROLE = "User: arn:aws:sts::111122223333:assumed-role/resizer/f is not authorized to perform: "
KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
KMS_DENIED = f"{ROLE}kms:Decrypt on resource: {KMS_KEY} because no identity-based policy allows the kms:Decrypt action"
S3_DENIED = f'{ROLE}s3:GetObject on resource: "arn:aws:s3:::photos/cat.jpg" with an explicit deny in a bucket policy'
SSE_C = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
    "retrieve the object."
)

PUT: dict[str, Any] = {
    "Bucket": "photos",
    "Key": "resized/480-cat.jpg",
    "Body": b"cat",
    "Metadata": {"width": "480"},
    "IfMatch": '"0"',
}


def error(status: int, code: str, text: str = "Why", more: str = "") -> bytes:
    body = f"<Error><Code>{code}</Code><Message>{text}</Message>{more}</Error>"
    return refused(status, body.encode(), IDS)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchKey", ObjectMissing),
        (412, "PreconditionFailed", ConditionFailed),
        (409, "ConditionalRequestConflict", ConditionFailed),
        (403, "AccessDenied", AccessDenied),
        (400, "KMS.DisabledException", AccessDenied),
        (404, "NoSuchBucket", StorageError),
        (403, "InvalidAccessKeyId", StorageError),
        (403, "ExpiredToken", StorageError),
        (403, "RequestTimeTooSkewed", StorageError),
        (400, "InvalidRequest", StorageError),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE"])
def test_errors_are_typed_by_their_code(status: int, code: str, expected: type[ResizerError], verb: str) -> None:
    """S3's code alone decides, whatever the request, and the message has verb, object, code, text and request id."""
    with serving(error(status, code)) as (client, _):
        with pytest.raises(expected) as problem:
            ask(client, verb, Bucket="photos", Key="a b/cat.jpg")
        assert type(problem.value) is expected
        told = str(problem.value)
        answer = f"{code}: Why (request id 4442587FB7D0A2F9, host/id=)."
        assert told.startswith(f"{verb} s3://photos/a b/cat.jpg failed: {answer}")


@pytest.mark.parametrize(
    ("status", "expected"), [(404, ObjectMissing), (412, ConditionFailed), (403, AccessDenied), (301, StorageError)]
)
def test_answers_to_head_are_typed_by_their_status(status: int, expected: type[ResizerError]) -> None:
    """They have no body, and so no code."""
    answer = refused(status, extra=IDS + REGION)
    with serving(*[answer] * 3) as (client, _), pytest.raises(expected, match="4442587FB7D0A2F9") as problem:
        ask(client, "HEAD", Bucket="photos", Key="cat.jpg")
    assert type(problem.value) is expected


def test_an_endpoint_that_does_not_answer_is_a_storage_error() -> None:
    """Where no answer comes, the message names the object, and the event comes again."""

    def unreachable(_: dict[str, Any]) -> None:
        raise ConnectTimeoutError(endpoint_url="https://s3.test")

    with pytest.raises(StorageError, match=r"PUT s3://photos/cat\.jpg failed: .*s3\.test.*tried again") as problem:
        ask(RecordingS3(None, {"put_object": unreachable}), "PUT", Bucket="photos", Key="cat.jpg")
    assert problem.value.retryable


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(403, "AccessDenied", KMS_DENIED), f"kms:Decrypt on resource: {KMS_KEY}"),
        (error(403, "AccessDenied", S3_DENIED), "s3:GetObject on arn:aws:s3:::photos/a b/cat.jpg"),
        (
            error(403, "AccessDenied", "Access Denied"),
            "s3:GetObject on arn:aws:s3:::photos/a b/cat.jpg, and kms:Decrypt",
        ),
        (error(400, "KMS.DisabledException", "key is disabled."), "to use the object's KMS key, and enable that key"),
        (error(400, "InvalidRequest", SSE_C), "Only its uploader has its key (SSE-C)"),
    ],
    ids=["kms", "policy", "plain", "disabled key", "sse-c"],
)
def test_a_source_that_may_not_be_read_is_rejected(answer: bytes, words: str) -> None:
    """No retry can help: the rejection names the permission that is missing, and what it is missing on."""
    with serving(answer) as (client, server):
        with rejects(Reason.ACCESS_DENIED) as rejection, open_source(client, SOURCE, 100):
            pytest.fail("what may not be read was opened")
        assert words in rejection.value.detail
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "words"), [(403, "s3:GetObject on arn:aws:s3:::photos/a b/cat.jpg"), (400, "SSE-C")]
)
def test_looking_at_such_a_source_is_a_rejection_too(status: int, words: str) -> None:
    """HEAD says less, and the same is known of it."""
    answers = [refused(status, extra=REGION)] * 3  # botocore asks for the bucket's region, and then once more
    with serving(*answers) as (client, _), rejects(Reason.ACCESS_DENIED) as rejection:
        current_etag(client, SOURCE)
    assert words in rejection.value.detail


def test_a_rendition_that_may_not_be_written_is_tried_again() -> None:
    """That is no fault of the picture: somebody has to mend the function's permissions, and then it goes on."""
    with (
        serving(error(403, "AccessDenied")) as (client, _),
        pytest.raises(AccessDenied, match="s3:PutObject on") as problem,
    ):
        requests.put(client, {"Bucket": "photos", "Key": "resized/480-cat.jpg", "Body": b"", "Metadata": {}})
    assert problem.value.retryable


def test_an_archived_source_is_rejected() -> None:
    """An object in an archive has to be restored first, which no retry of a minute does."""
    answer = error(403, "InvalidObjectState", more="<StorageClass>DEEP_ARCHIVE</StorageClass>")
    with serving(answer) as (client, server):
        with rejects(Reason.ARCHIVED) as rejection, open_source(client, SOURCE, 100):
            pytest.fail("an archived object was opened")
        assert "s3://photos/a b/cat.jpg is archived (DEEP_ARCHIVE)" in rejection.value.detail
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected"), [(error(404, "NoSuchKey"), SourceGone), (error(412, "PreconditionFailed"), Superseded)]
)
def test_a_source_that_has_changed_is_nothing_to_do(answer: bytes, expected: type[ResizerError]) -> None:
    """Its own event does the work."""
    with serving(answer) as (client, _), pytest.raises(expected), open_source(client, SOURCE, 100):
        pytest.fail("what is not there was opened")


def test_a_condition_on_a_missing_object_does_not_hold() -> None:
    """S3 answers If-Match with 404 where nothing is there any more."""
    with serving(error(404, "NoSuchKey"), error(404, "NoSuchKey"), OK) as (client, _):
        with pytest.raises(ObjectMissing):
            requests.put(client, PUT)
        assert requests.delete(client, "photos", "cat.jpg", '"0"') is False


def test_an_error_that_stops_half_way_is_a_storage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of GET whose own body does not come is no fault of ours."""
    monkeypatch.setattr(clients, "READ_SECONDS", 0.2)
    half = refused(503, extra="Content-Length: 500\r\n").replace(b"Content-Length: 0\r\n", b"")
    with serving(half) as (client, _), pytest.raises(StorageError, match=r"GET s3://photos/cat\.jpg failed"):
        ask(client, "GET", Bucket="photos", Key="cat.jpg")


def test_doubles_without_metadata_are_understood() -> None:
    """A client that tells no more than a code is enough for a type."""

    def fails(_: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    with pytest.raises(
        StorageError, match=re.escape("GET s3://photos/cat.jpg failed: SlowDown. It will be tried again.")
    ):
        ask(RecordingS3(None, {"get_object": fails}), "GET", Bucket="photos", Key="cat.jpg")
