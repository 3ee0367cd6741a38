"""Concurrent writers lose nothing, and an error of S3 names the object."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from resizer.errors import NewerRenditionExists, StorageError
from resizer.s3 import S3
from resizer.store.writer import ATTEMPTS
from tests.conftest import BUCKET
from tests.store.writing import EARLIER, KEY, LATER, destination, refusing, rendition, stored, write
from tests.support.recording import RecordingS3, refusal


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "PreconditionFailed", "409", "412", "NoSuchKey", "404"])
def test_a_lost_race_is_retried(s3: S3, code: str) -> None:
    """If a conditional PUT fails but no rendition exists, the PUT is retried with the same condition."""
    requests: list[dict[str, Any]] = []
    refuse = refusing(2, code)

    def note_and_refuse(request: dict[str, Any]) -> None:
        requests.append(request)
        refuse(request)

    recording = RecordingS3(s3, {"put_object": note_and_refuse})
    assert write(recording, destination(), rendition()) is True
    assert [each.get("IfNoneMatch") for each in requests] == ["*", "*", "*"]
    assert stored(s3) == b"pixels"


def test_a_conflict_with_the_same_rendition_writes_nothing(s3: S3) -> None:
    """If the other writer wrote the same rendition, there is nothing left to write."""

    def the_other_wins(_: dict[str, Any]) -> None:
        write(s3, destination(), rendition())
        raise refusal("ConditionalRequestConflict", "PutObject")

    assert write(RecordingS3(s3, {"put_object": the_other_wins}), destination(), rendition()) is False


def test_a_newer_rendition_written_meanwhile_stays(s3: S3) -> None:
    """If a newer upload's rendition is written between HEAD and PUT, it stays."""
    write(s3, destination(etag="4567", sequencer=EARLIER), rendition(b"old"))

    def overtake(request: dict[str, Any]) -> None:
        if "IfMatch" in request:
            write(s3, destination(etag="89ab", sequencer=LATER), rendition(b"newest"))

    with pytest.raises(NewerRenditionExists):
        write(RecordingS3(s3, {"put_object": overtake}), destination(), rendition())
    assert stored(s3) == b"newest"


def test_a_rendition_deleted_meanwhile_is_written_anew(s3: S3) -> None:
    """If the rendition to replace is deleted between HEAD and PUT, the new one is written."""
    write(s3, destination(etag="4567", sequencer=EARLIER), rendition(b"old"))

    def delete(request: dict[str, Any]) -> None:
        if "IfMatch" in request:
            s3.delete_object(Bucket=BUCKET, Key=KEY)

    assert write(RecordingS3(s3, {"put_object": delete}), destination(), rendition()) is True
    assert stored(s3) == b"pixels"


def test_endless_races_end_in_a_storage_error(s3: S3) -> None:
    """A writer that loses every race raises a retryable error with the key and the number of attempts."""
    recording = RecordingS3(s3, {"put_object": refusing(99, "ConditionalRequestConflict")})
    with pytest.raises(StorageError, match=f"{ATTEMPTS} other writers were faster") as problem:
        write(recording, destination(), rendition())
    assert f"s3://{BUCKET}/{KEY}" in str(problem.value)
    assert problem.value.retryable
    assert recording.calls.count(("put_object", KEY)) == ATTEMPTS


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "SlowDown", "InternalError", "ServiceUnavailable"])
@pytest.mark.parametrize("operation", ["put_object", "head_object"])
def test_an_error_of_s3_names_request_and_object(s3: S3, code: str, operation: str) -> None:
    """Any error of S3 is retryable, and its message has the request, the object and S3's code."""
    write(s3, destination(recipe="r0"), rendition())
    recording = RecordingS3(s3, {operation: refusing(1, code)})
    with pytest.raises(StorageError) as problem:
        write(recording, destination(), rendition())
    verb = operation.partition("_")[0].upper()
    assert str(problem.value).startswith(f"{verb} s3://{BUCKET}/{KEY} failed: ")
    assert code in str(problem.value)
    assert problem.value.retryable


@pytest.mark.parametrize("operation", ["put_object", "head_object"])
def test_an_unreachable_endpoint_is_a_storage_error(s3: S3, operation: str) -> None:
    """A failed connection is a storage error that names the endpoint."""

    def fail(_: dict[str, Any]) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3.test")

    write(s3, destination(recipe="r0"), rendition())
    with pytest.raises(StorageError, match=r"https://s3\.test"):
        write(RecordingS3(s3, {operation: fail}), destination(), rendition())
