"""A source costs one conditional GET, and what stands in its way is told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from resizer import deadline
from resizer.errors import OutOfTime, Reason, ResizerError, SourceGone, StorageError, Superseded
from resizer.model import SourceObject
from resizer.s3.source import open_source
from tests.conftest import BUCKET, Download, rejects
from tests.support.recording import RecordingS3, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from resizer.s3 import S3
    from resizer.s3.stream import SourceStream

KEY = "summer/a+b c%25é.jpg"
LIMIT = 1000


@dataclass(frozen=True, slots=True)
class OneDownload:
    """An S3 that answers every GET with one body, `size` bytes long as far as it says."""

    body: Download
    size: int | None

    def get_object(self, **request: Any) -> dict[str, Any]:
        """The body; without its length where `size` is None."""
        told = {} if self.size is None else {"ContentLength": self.size}
        return {"Body": self.body, "ETag": '"etag"', **told}


def answering(body: Download, size: int | None, **faults: Callable[[dict[str, Any]], None]) -> RecordingS3:
    return RecordingS3(OneDownload(body, size), faults)


def opening(s3: S3, source: SourceObject) -> AbstractContextManager[SourceStream]:
    return open_source(s3, source, LIMIT)


def put(s3: S3, body: bytes, **more: Any) -> str:
    etag: str = s3.put_object(Bucket=BUCKET, Key=KEY, Body=body, **more)["ETag"].strip('"')
    return etag


def test_a_source_is_read_with_one_get(s3: S3) -> None:
    """Fetching a source costs one GET, and gives its bytes, size, ETag and `Cache-Control`."""
    etag = put(s3, b"pixels", CacheControl="max-age=60")
    recording = RecordingS3(s3)
    with opening(recording, SourceObject(BUCKET, KEY, etag=etag)) as stream:
        assert stream.read() == b"pixels"
    assert recording.calls == [("get_object", KEY)]
    assert (stream.etag, stream.size) == (etag, 6)
    assert stream.headers["CacheControl"] == "max-age=60"


@pytest.mark.parametrize(
    ("told", "conditions"),
    [
        ({}, {}),
        ({"etag": "0123"}, {"IfMatch": '"0123"'}),
        ({"etag": "0123", "version_id": "v1", "sequencer": "00"}, {"IfMatch": '"0123"'}),
    ],
)
def test_the_get_is_as_narrow_as_the_event(told: dict[str, str], conditions: dict[str, str]) -> None:
    """The GET asks for what stands now, if that still has the event's ETag: an older version is never shown."""
    requests: list[dict[str, Any]] = []
    recording = answering(Download(b""), 0, get_object=requests.append)
    with opening(recording, SourceObject(BUCKET, KEY, **told)):  # type: ignore[arg-type] # a table of fields
        pass
    assert requests == [{"Bucket": BUCKET, "Key": KEY, **conditions}]


def test_an_overwritten_source_is_superseded(s3: S3) -> None:
    """An event whose ETag is no longer the object's has nothing to do."""
    stale = put(s3, b"first")
    put(s3, b"second")
    with (
        pytest.raises(Superseded, match=re.escape(f"s3://{BUCKET}/{KEY}")) as nothing,
        opening(s3, SourceObject(BUCKET, KEY, etag=stale)),
    ):
        pytest.fail("a stale upload was opened")
    assert not nothing.value.retryable


@pytest.mark.parametrize("etag", [None, "0123"])
def test_a_deleted_source_is_gone(s3: S3, etag: str | None) -> None:
    """An event whose object is there no more has nothing to do."""
    with (
        pytest.raises(SourceGone, match=r"s3://photos/gone\.jpg"),
        opening(s3, SourceObject(BUCKET, "gone.jpg", etag=etag)),
    ):
        pytest.fail("what does not exist was opened")


@pytest.mark.parametrize("code", ["NoSuchKey", "404", "PreconditionFailed", "412"])
def test_nothing_to_do_is_known_by_its_code(code: str) -> None:
    """Every way in which S3 says that this upload is no more counts as nothing to do."""
    with (
        pytest.raises((SourceGone, Superseded)),
        opening(refusing(code), SourceObject(BUCKET, KEY, etag="0123")),
    ):
        pytest.fail("what S3 refused was opened")


@pytest.mark.parametrize("code", ["NoSuchBucket", "InternalError", "SlowDown", "RequestTimeout"])
def test_a_refusal_is_a_storage_error_that_names_the_object(code: str) -> None:
    """Whatever else S3 answers is worth another try, under the object's name and with S3's own word."""
    with pytest.raises(StorageError) as problem, opening(refusing(code), SourceObject(BUCKET, KEY)):
        pytest.fail("what S3 refused was opened")
    assert problem.value.retryable
    assert f"s3://{BUCKET}/{KEY}" in str(problem.value)
    assert code in str(problem.value)


def refusing(code: str) -> RecordingS3:
    def refuse(_: dict[str, Any]) -> None:
        raise refusal(code, "GetObject")

    return answering(Download(b""), 0, get_object=refuse)


def test_an_endpoint_that_refuses_is_a_storage_error() -> None:
    """Where nobody listens, the error names bucket and key and asks for another try."""
    nobody = botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",  # the discard port, which nothing serves
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 # no secret: nobody is there to check it
        config=Config(retries={"total_max_attempts": 1}),
    )
    with (
        pytest.raises(StorageError, match=r"s3://photos/cat\.jpg failed") as problem,
        opening(RecordingS3(nobody), SourceObject(BUCKET, "cat.jpg")),
    ):
        pytest.fail("nobody answered")
    assert problem.value.retryable


def test_a_bucket_that_is_not_there_is_a_storage_error(s3: S3) -> None:
    """A missing bucket is a mistake to be seen, not a source that is gone."""
    with (
        pytest.raises(StorageError, match=r"s3://elsewhere/cat\.jpg.*NoSuchBucket"),
        opening(s3, SourceObject("elsewhere", "cat.jpg")),
    ):
        pytest.fail("no bucket was opened")


def test_a_size_over_the_limit_costs_no_byte() -> None:
    """An object that S3 says is too large is refused before any byte of it is read."""
    body = Download(bytes(LIMIT + 1))
    with rejects(Reason.TOO_MANY_BYTES), opening(answering(body, LIMIT + 1), SourceObject(BUCKET, KEY)):
        pytest.fail("an object over the limit was opened")
    assert body.taken == 0
    assert body.closed


def test_an_object_of_the_limits_size_is_read(s3: S3) -> None:
    """The limit is the largest size that is allowed, by event and by S3."""
    etag = put(s3, bytes(LIMIT))
    with opening(s3, SourceObject(BUCKET, KEY, etag=etag, size=LIMIT)) as stream:
        assert len(stream.read()) == LIMIT


def swallowing(stream: SourceStream) -> None:
    """A decoder that gets by without the bytes that it could not have."""
    try:
        stream.read()
    except ResizerError:
        return


def misunderstanding(stream: SourceStream) -> None:
    """A decoder that takes what it could not have for a damaged image."""
    try:
        stream.read()
    except ResizerError as problem:
        raise ValueError("a damaged image") from problem


@pytest.mark.parametrize("decoder", [swallowing, misunderstanding])
def test_a_download_that_broke_off_is_told_as_such(decoder: Callable[[SourceStream], None]) -> None:
    """Whatever a decoder makes of a download that broke off, it is the download that has failed."""
    body = Download(b"half", problem=ReadTimeoutError(endpoint_url="https://s3.test"))
    with (
        pytest.raises(StorageError),
        opening(answering(body, 8), SourceObject(BUCKET, KEY)) as stream,
    ):
        decoder(stream)


@pytest.mark.parametrize("decoder", [swallowing, misunderstanding])
def test_a_download_that_broke_off_is_closed(decoder: Callable[[SourceStream], None]) -> None:
    """A download that broke off keeps no connection, whatever a decoder makes of it."""
    body = Download(b"half", problem=ReadTimeoutError(endpoint_url="https://s3.test"))
    with pytest.raises(StorageError), opening(answering(body, 8), SourceObject(BUCKET, KEY)) as stream:
        decoder(stream)
    assert body.closed


def test_a_decoders_own_error_passes_and_the_download_ends() -> None:
    """What a whole download's reader raises is passed on as it is, after the connection is let go of."""
    body = Download(b"whole")
    with pytest.raises(ZeroDivisionError), opening(answering(body, 5), SourceObject(BUCKET, KEY)):
        raise ZeroDivisionError
    assert body.closed


def test_a_source_left_unread_is_closed() -> None:
    """Leaving the block ends the download, read to its end or not."""
    body = Download(bytes(500))
    with opening(answering(body, 500), SourceObject(BUCKET, KEY)) as stream:
        assert stream.read(1) == b"\0"
    assert body.closed


def test_a_download_takes_no_memory_after_its_block() -> None:
    """Renditions are encoded after the download: a file that was held for its decoder is not held for that, too."""
    with opening(answering(Download(bytes(500)), 500), SourceObject(BUCKET, KEY)) as stream:
        stream.hold_everything()
        stream.read()
        assert stream.held == 500
    assert stream.held == 0


def test_a_download_ends_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time left nothing is fetched, and the caller hears of it whatever the decoder does."""
    monkeypatch.setattr(deadline, "remaining", lambda: 0.0)
    body = Download(b"pixels")
    with pytest.raises(OutOfTime), opening(answering(body, 6), SourceObject(BUCKET, KEY)) as stream:
        swallowing(stream)
    assert body.taken == 0
