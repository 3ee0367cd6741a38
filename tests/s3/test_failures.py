"""Every error of S3 becomes one of ours, which names the request, the object and what to do."""

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


def test_errors_are_typed_by_their_code() -> None:
    """S3's error code decides the type, for every request; the message has verb, object, code and request id."""
    for status, code, expected in [
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
    ]:
        for verb in ["GET", "PUT", "DELETE"]:
            with serving(error(status, code)) as (client, _):
                with pytest.raises(expected) as problem:
                    ask(client, verb, Bucket="photos", Key="a b/cat.jpg")
                assert type(problem.value) is expected
                message = str(problem.value)
                reason = f"{code}: Why (request id 4442587FB7D0A2F9, host/id=)."
                assert message.startswith(f"{verb} s3://photos/a b/cat.jpg failed: {reason}")


@pytest.mark.parametrize(
    ("status", "expected"), [(404, ObjectMissing), (412, ConditionFailed), (403, AccessDenied), (301, StorageError)]
)
def test_errors_of_head_are_typed_by_their_status(status: int, expected: type[ResizerError]) -> None:
    """Errors of HEAD have no body and so no code; their status decides the type."""
    answer = refused(status, extra=IDS + REGION)
    with serving(*[answer] * 3) as (client, _), pytest.raises(expected, match="4442587FB7D0A2F9") as problem:
        ask(client, "HEAD", Bucket="photos", Key="cat.jpg")
    assert type(problem.value) is expected


def test_an_endpoint_that_does_not_answer_is_a_storage_error() -> None:
    """Without an answer the error is retryable, and its message names the object."""

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
def test_a_source_without_permission_is_rejected(answer: bytes, words: str) -> None:
    """No retry can help, so the rejection names the missing permission and its resource."""
    with serving(answer) as (client, server):
        with rejects(Reason.ACCESS_DENIED) as rejection, open_source(client, SOURCE, 100):
            pytest.fail("opened without permission")
        assert words in rejection.value.detail
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "words"), [(403, "s3:GetObject on arn:aws:s3:::photos/a b/cat.jpg"), (400, "SSE-C")]
)
def test_head_without_permission_is_a_rejection_too(status: int, words: str) -> None:
    """HEAD returns no error text, but the rejection names the permission as well."""
    answers = [refused(status, extra=REGION)] * 3  # botocore looks for the bucket's region, then retries
    with serving(*answers) as (client, _), rejects(Reason.ACCESS_DENIED) as rejection:
        current_etag(client, SOURCE)
    assert words in rejection.value.detail


def test_a_denied_write_is_retried() -> None:
    """A denied PUT is not the picture's fault: once the permissions are fixed, a retry succeeds."""
    with (
        serving(error(403, "AccessDenied")) as (client, _),
        pytest.raises(AccessDenied, match="s3:PutObject on") as problem,
    ):
        requests.put(client, {"Bucket": "photos", "Key": "resized/480-cat.jpg", "Body": b"", "Metadata": {}})
    assert problem.value.retryable


def test_an_archived_source_is_rejected() -> None:
    """An archived object is rejected without retries, because it has to be restored first."""
    answer = error(403, "InvalidObjectState", more="<StorageClass>DEEP_ARCHIVE</StorageClass>")
    with serving(answer) as (client, server):
        with rejects(Reason.ARCHIVED) as rejection, open_source(client, SOURCE, 100):
            pytest.fail("an archived object was opened")
        assert "s3://photos/a b/cat.jpg is archived (DEEP_ARCHIVE)" in rejection.value.detail
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected"), [(error(404, "NoSuchKey"), SourceGone), (error(412, "PreconditionFailed"), Superseded)]
)
def test_a_changed_source_is_left_to_its_own_event(answer: bytes, expected: type[ResizerError]) -> None:
    """A 404 means that the source is gone, a 412 that it was replaced; neither is an error."""
    with serving(answer) as (client, _), pytest.raises(expected), open_source(client, SOURCE, 100):
        pytest.fail("opened")


def test_if_match_on_a_missing_object_fails() -> None:
    """S3 answers If-Match with a 404 if the object is gone: a PUT raises, a DELETE has nothing to do."""
    with serving(error(404, "NoSuchKey"), error(404, "NoSuchKey"), OK) as (client, _):
        with pytest.raises(ObjectMissing):
            requests.put(client, PUT)
        assert requests.delete(client, "photos", "cat.jpg", '"0"') is False


def test_an_incomplete_error_body_is_a_storage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the body of an error never arrives, that is a storage error as well."""
    monkeypatch.setattr(clients, "READ_SECONDS", 0.2)
    half = refused(503, extra="Content-Length: 500\r\n").replace(b"Content-Length: 0\r\n", b"")
    with serving(half) as (client, _), pytest.raises(StorageError, match=r"GET s3://photos/cat\.jpg failed"):
        ask(client, "GET", Bucket="photos", Key="cat.jpg")


def test_an_error_with_only_a_code_is_enough() -> None:
    """An error without message and request id still gets a type and a message."""

    def fails(_: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    with pytest.raises(
        StorageError, match=re.escape("GET s3://photos/cat.jpg failed: SlowDown. It will be tried again.")
    ):
        ask(RecordingS3(None, {"get_object": fails}), "GET", Bucket="photos", Key="cat.jpg")
