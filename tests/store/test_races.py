"""Writers who come between lose nothing, and what S3 refuses is an error that names the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from resizer.errors import NewerRenditionExists, StorageError
from resizer.store.writer import ATTEMPTS
from tests.conftest import BUCKET
from tests.support.recording import RecordingS3, refusal

if TYPE_CHECKING:
    from resizer.s3 import S3
from tests.store.writing import EARLIER, KEY, LATER, destination, refusing, rendition, stored, write


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "PreconditionFailed", "409", "412", "NoSuchKey", "404"])
def test_a_lost_race_is_run_again(s3: S3, code: str) -> None:
    """A write that met another's, with nothing standing afterwards, is made again on the first condition."""
    requests: list[dict[str, Any]] = []
    refuse = refusing(2, code)

    def note_and_refuse(request: dict[str, Any]) -> None:
        requests.append(request)
        refuse(request)

    recording = RecordingS3(s3, {"put_object": note_and_refuse})
    assert write(recording, destination(), rendition()) is True
    assert [each.get("IfNoneMatch") for each in requests] == ["*", "*", "*"]
    assert stored(s3) == b"pixels"


def test_a_conflict_with_the_same_rendition_is_done(s3: S3) -> None:
    """Where the other writer of a conflict wrote this very rendition, there is nothing left to write."""

    def the_other_wins(_: dict[str, Any]) -> None:
        write(s3, destination(), rendition())
        raise refusal("ConditionalRequestConflict", "PutObject")

    assert write(RecordingS3(s3, {"put_object": the_other_wins}), destination(), rendition()) is False


def test_a_later_writer_who_comes_between_stands(s3: S3) -> None:
    """Who looks, and is overtaken by a later upload before writing, looks again and leaves that one alone."""
    write(s3, destination(etag="4567", sequencer=EARLIER), rendition(b"old"))

    def overtake(request: dict[str, Any]) -> None:
        if "IfMatch" in request:
            write(s3, destination(etag="89ab", sequencer=LATER), rendition(b"newest"))

    with pytest.raises(NewerRenditionExists):
        write(RecordingS3(s3, {"put_object": overtake}), destination(), rendition())
    assert stored(s3) == b"newest"


def test_what_disappears_in_between_is_written_anew(s3: S3) -> None:
    """Where what was to be replaced has been deleted meanwhile, the rendition is written all the same."""
    write(s3, destination(etag="4567", sequencer=EARLIER), rendition(b"old"))

    def delete(request: dict[str, Any]) -> None:
        if "IfMatch" in request:
            s3.delete_object(Bucket=BUCKET, Key=KEY)

    assert write(RecordingS3(s3, {"put_object": delete}), destination(), rendition()) is True
    assert stored(s3) == b"pixels"


def test_races_without_end_are_given_up(s3: S3) -> None:
    """Who loses every race says so, by name and number, and asks for another try."""
    recording = RecordingS3(s3, {"put_object": refusing(99, "ConditionalRequestConflict")})
    with pytest.raises(StorageError, match=f"{ATTEMPTS} other writers were faster") as problem:
        write(recording, destination(), rendition())
    assert f"s3://{BUCKET}/{KEY}" in str(problem.value)
    assert problem.value.retryable
    assert recording.calls.count(("put_object", KEY)) == ATTEMPTS


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "SlowDown", "InternalError", "ServiceUnavailable"])
@pytest.mark.parametrize("operation", ["put_object", "head_object"])
def test_a_refusal_is_a_storage_error_that_names_the_object(s3: S3, code: str, operation: str) -> None:
    """Whatever S3 refuses is worth another try, under the request's and the object's name, with S3's own word."""
    write(s3, destination(recipe="r0"), rendition())
    recording = RecordingS3(s3, {operation: refusing(1, code)})
    with pytest.raises(StorageError) as problem:
        write(recording, destination(), rendition())
    verb = operation.partition("_")[0].upper()
    assert str(problem.value).startswith(f"{verb} s3://{BUCKET}/{KEY} failed: ")
    assert code in str(problem.value)
    assert problem.value.retryable


@pytest.mark.parametrize("operation", ["put_object", "head_object"])
def test_an_endpoint_out_of_reach_is_a_storage_error(s3: S3, operation: str) -> None:
    """A connection that fails is a storage error by the same name."""

    def fail(_: dict[str, Any]) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3.test")

    write(s3, destination(recipe="r0"), rendition())
    with pytest.raises(StorageError, match=r"https://s3\.test"):
        write(RecordingS3(s3, {operation: fail}), destination(), rendition())
