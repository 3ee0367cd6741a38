"""A source costs one conditional GET, and each failure has its own error."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from resizer import deadline
from resizer.errors import OutOfTime, Reason, ResizerError, SourceGone, StorageError, Superseded
from resizer.model import SourceObject
from resizer.s3 import S3
from resizer.s3.source import open_source
from resizer.s3.stream import SourceStream
from tests.conftest import BUCKET, Download, rejects
from tests.support.recording import RecordingS3, refusal

KEY = "summer/a+b c%25é.jpg"
LIMIT = 1000


@dataclass(frozen=True, slots=True)
class OneDownload:
    """An S3 that answers every GET with one body, and with `size` as its Content-Length."""

    body: Download
    size: int | None

    def get_object(self, **request: Any) -> dict[str, Any]:
        """The body; without a Content-Length if `size` is None."""
        headers = {} if self.size is None else {"ContentLength": self.size}
        return {"Body": self.body, "ETag": '"etag"', **headers}


def answering(body: Download, size: int | None, **faults: Callable[[dict[str, Any]], None]) -> RecordingS3:
    return RecordingS3(OneDownload(body, size), faults)


def opening(s3: S3, source: SourceObject) -> AbstractContextManager[SourceStream]:
    return open_source(s3, source, LIMIT)


def put(s3: S3, body: bytes, **more: Any) -> str:
    etag: str = s3.put_object(Bucket=BUCKET, Key=KEY, Body=body, **more)["ETag"].strip('"')
    return etag


def test_a_source_is_read_with_one_get(s3: S3) -> None:
    """One GET gives a source's bytes, size, ETag and `Cache-Control`."""
    etag = put(s3, b"pixels", CacheControl="max-age=60")
    recording = RecordingS3(s3)
    with opening(recording, SourceObject(BUCKET, KEY, etag=etag)) as stream:
        assert stream.read() == b"pixels"
    assert recording.calls == [("get_object", KEY)]
    assert (stream.etag, stream.size) == (etag, 6)
    assert stream.headers["CacheControl"] == "max-age=60"


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        ({}, {}),
        ({"etag": "0123"}, {"IfMatch": '"0123"'}),
        ({"etag": "0123", "version_id": "v1", "sequencer": "00"}, {"IfMatch": '"0123"'}),
    ],
)
def test_the_get_has_the_events_etag_as_its_condition(fields: dict[str, str], conditions: dict[str, str]) -> None:
    """The GET asks for the current object with the event's ETag, and never for an older version."""
    requests: list[dict[str, Any]] = []
    recording = answering(Download(b""), 0, get_object=requests.append)
    with opening(recording, SourceObject(BUCKET, KEY, **fields)):  # type: ignore[arg-type] # from the table
        pass
    assert requests == [{"Bucket": BUCKET, "Key": KEY, **conditions}]


def test_an_overwritten_source_is_superseded(s3: S3) -> None:
    """If the object has another ETag by now, the event has nothing to do."""
    stale = put(s3, b"first")
    put(s3, b"second")
    with (
        pytest.raises(Superseded, match=re.escape(f"s3://{BUCKET}/{KEY}")) as superseded,
        opening(s3, SourceObject(BUCKET, KEY, etag=stale)),
    ):
        pytest.fail("a stale upload was opened")
    assert not superseded.value.retryable


@pytest.mark.parametrize("etag", [None, "0123"])
def test_a_deleted_source_is_gone(s3: S3, etag: str | None) -> None:
    """If the object no longer exists, the event has nothing to do."""
    with (
        pytest.raises(SourceGone, match=r"s3://photos/gone\.jpg"),
        opening(s3, SourceObject(BUCKET, "gone.jpg", etag=etag)),
    ):
        pytest.fail("a missing object was opened")


@pytest.mark.parametrize("code", ["NoSuchKey", "404", "PreconditionFailed", "412"])
def test_404_and_412_mean_nothing_to_do(code: str) -> None:
    """Every code for a missing or replaced object means that there is nothing to do."""
    with (
        pytest.raises((SourceGone, Superseded)),
        opening(refusing(code), SourceObject(BUCKET, KEY, etag="0123")),
    ):
        pytest.fail("opened in spite of the error")


@pytest.mark.parametrize("code", ["NoSuchBucket", "InternalError", "SlowDown", "RequestTimeout"])
def test_other_errors_are_storage_errors_that_name_the_object(code: str) -> None:
    """Any other error is retryable, and its message has the object and S3's code."""
    with pytest.raises(StorageError) as problem, opening(refusing(code), SourceObject(BUCKET, KEY)):
        pytest.fail("opened in spite of the error")
    assert problem.value.retryable
    assert f"s3://{BUCKET}/{KEY}" in str(problem.value)
    assert code in str(problem.value)


def refusing(code: str) -> RecordingS3:
    def refuse(_: dict[str, Any]) -> None:
        raise refusal(code, "GetObject")

    return answering(Download(b""), 0, get_object=refuse)


def test_a_refused_connection_is_a_storage_error() -> None:
    """If nobody listens at the endpoint, the error names bucket and key and is retryable."""
    unreachable = botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",  # the discard port; nothing listens there
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 # never checked
        config=Config(retries={"total_max_attempts": 1}),
    )
    with (
        pytest.raises(StorageError, match=r"s3://photos/cat\.jpg failed") as problem,
        opening(RecordingS3(unreachable), SourceObject(BUCKET, "cat.jpg")),
    ):
        pytest.fail("nobody answered")
    assert problem.value.retryable


def test_a_missing_bucket_is_a_storage_error(s3: S3) -> None:
    """A missing bucket is an error to be noticed, not a source that is gone."""
    with (
        pytest.raises(StorageError, match=r"s3://elsewhere/cat\.jpg.*NoSuchBucket"),
        opening(s3, SourceObject("elsewhere", "cat.jpg")),
    ):
        pytest.fail("a missing bucket was opened")


def test_an_object_over_the_limit_is_not_downloaded() -> None:
    """If the Content-Length exceeds the limit, the object is rejected before a byte is read."""
    body = Download(bytes(LIMIT + 1))
    with rejects(Reason.TOO_MANY_BYTES), opening(answering(body, LIMIT + 1), SourceObject(BUCKET, KEY)):
        pytest.fail("an object over the limit was opened")
    assert body.taken == 0
    assert body.closed


def test_an_object_of_the_limits_size_is_read(s3: S3) -> None:
    """An object may be as large as the limit, by its event and by its Content-Length."""
    etag = put(s3, bytes(LIMIT))
    with opening(s3, SourceObject(BUCKET, KEY, etag=etag, size=LIMIT)) as stream:
        assert len(stream.read()) == LIMIT


def ignoring(stream: SourceStream) -> None:
    """A decoder that ignores a failed read."""
    try:
        stream.read()
    except ResizerError:
        return


def misunderstanding(stream: SourceStream) -> None:
    """A decoder that takes a failed read for a damaged image."""
    try:
        stream.read()
    except ResizerError as problem:
        raise ValueError("a damaged image") from problem


@pytest.mark.parametrize("decoder", [ignoring, misunderstanding])
def test_a_broken_download_is_a_storage_error_whatever_the_decoder_says(
    decoder: Callable[[SourceStream], None],
) -> None:
    """A broken download is retryable, whatever error the decoder made of it, and its connection is closed."""
    body = Download(b"half", problem=ReadTimeoutError(endpoint_url="https://s3.test"))
    with pytest.raises(StorageError), opening(answering(body, 8), SourceObject(BUCKET, KEY)) as stream:
        decoder(stream)
    assert body.closed


def test_a_decoders_own_error_closes_the_download() -> None:
    """If the download is complete, the reader's error is raised unchanged and the connection closed."""
    body = Download(b"whole")
    with pytest.raises(ZeroDivisionError), opening(answering(body, 5), SourceObject(BUCKET, KEY)):
        raise ZeroDivisionError
    assert body.closed


def test_a_partly_read_source_is_closed() -> None:
    """Leaving the block closes the download, even if it was not read to its end."""
    body = Download(bytes(500))
    with opening(answering(body, 500), SourceObject(BUCKET, KEY)) as stream:
        assert stream.read(1) == b"\0"
    assert body.closed


def test_a_download_holds_no_memory_after_its_block() -> None:
    """A file that was held for its decoder is released before the renditions are encoded."""
    with opening(answering(Download(bytes(500)), 500), SourceObject(BUCKET, KEY)) as stream:
        stream.hold_everything()
        stream.read()
        assert stream.held == 500
    assert stream.held == 0


def test_out_of_time_is_raised_whatever_the_decoder_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time left nothing is read, and `OutOfTime` is raised even if the decoder ignores it."""
    monkeypatch.setattr(deadline, "remaining", lambda: 0.0)
    body = Download(b"pixels")
    with pytest.raises(OutOfTime), opening(answering(body, 6), SourceObject(BUCKET, KEY)) as stream:
        ignoring(stream)
    assert body.taken == 0
