"""Work that would not end in time is stopped at every stage, and the error lists what was written."""

import io
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from resizer import deadline
from resizer.deadline import ENDING_SECONDS, MARGIN_SECONDS
from resizer.decode.frames import decode
from resizer.encode import Encoding
from resizer.errors import OutOfTime, Reason, StorageError
from resizer.model import Format, Frame, Rendition, SourceObject
from resizer.pipeline import process
from resizer.report import Outcome
from resizer.s3 import clients
from resizer.s3.clients import CONNECT_SECONDS
from resizer.settings import Settings
from resizer.settings.rules import Quality
from resizer.store import uploads
from resizer.store.writer import Writer
from tests.conftest import BUCKET
from tests.support.interleaving import InlineExecutor
from tests.support.pictures import noise, opened, photo_like, psnr, saved
from tests.support.recording import RecordingS3
from tests.support.s3_server import serving
from tests.support.uploaded import outputs, upload

SETTINGS = Settings()
PATIENCE = 10  # seconds; a test that waits this long has failed
ANIMATED = ["GIF", "PNG", "WEBP", "AVIF"]


@dataclass(slots=True)
class Time:
    """A clock that a test advances, and the time at which work must end."""

    now: float = 0.0
    end: float = math.inf

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def remaining(self) -> float:
        return self.end - self.now + MARGIN_SECONDS


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    """A clock that does not advance by itself."""
    clock = Time()
    monkeypatch.setattr(deadline, "remaining", clock.remaining)
    yield clock
    clock.end = math.inf


class Body(io.BytesIO):
    """A download that calls `before_each` before each read."""

    before_each: Callable[[], None]

    def read1(self, amount: int | None = -1) -> bytes:
        self.before_each()
        return super().read1(-1 if amount is None else amount)


@dataclass(slots=True)
class Stalling(RecordingS3):
    """An S3 whose downloads call `before_each` before each read."""

    before_each: Callable[[], None] = field(default=lambda: None)

    def get_object(self, **request: Any) -> dict[str, Any]:
        answer = RecordingS3.get_object(self, **request)
        body = Body(answer["Body"].read())
        body.before_each = self.before_each
        return {**answer, "Body": body}


def animation(format_: str, frames: int = 5) -> bytes:
    first, *rest = [noise(40, 30, seed) for seed in range(frames)]
    return saved(first, format_, save_all=True, append_images=rest, duration=40)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "JPEG2000"])
def test_a_trickling_download_is_abandoned(format_: str, s3: Any, clock: Time) -> None:
    """A body that arrives too slowly is not read after the time has run out, in any format."""
    body = saved(noise(500, 400), format_)
    stalling = Stalling(s3, before_each=lambda: clock.advance(4))
    source, clock.end = upload(s3, "slow", body), 6
    with pytest.raises(OutOfTime, match="not enough time") as raised:
        process(source, SETTINGS, stalling)
    assert raised.value.retryable
    assert clock.now == 8  # after the second block; the third was not requested
    clock.end = math.inf
    assert outputs(s3) == []


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "JPEG2000", "AVIF"])
def test_a_stalled_download_is_retried(format_: str, s3: Any) -> None:
    """A body that stops is a broken download, which is retried, in every format."""
    reads: list[int] = []

    def stall_at_the_second() -> None:
        reads.append(len(reads))
        if len(reads) == 2:
            raise ReadTimeoutError(endpoint_url="https://s3.test")

    body = saved(noise(500, 400), format_) + bytes(65_536)
    with pytest.raises(StorageError, match="broke off") as raised:
        process(upload(s3, "stalled", body), SETTINGS, Stalling(s3, before_each=stall_at_the_second))
    assert raised.value.retryable
    assert outputs(s3) == []


@pytest.mark.parametrize("format_", ["WEBP", "AVIF", "JPEG2000", "TIFF"])
def test_a_decoder_that_cannot_be_stopped_is_not_started_too_late(
    format_: str, s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that cannot be stopped does not start if its estimated time exceeds what is left."""
    monkeypatch.setattr("resizer.pipeline.decode", lambda *_: pytest.fail("decoded"))
    source, clock.end = upload(s3, "big", saved(photo_like(1000, 800), format_)), 0.01
    with pytest.raises(OutOfTime):
        process(source, SETTINGS, s3)


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_stopped_between_frames(
    format_: str, s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No frame is decoded after the time has run out."""
    decoded: list[Frame] = []

    def slowly(*arguments: Any) -> Iterator[Frame]:
        for frame in decode(*arguments):
            clock.advance(4)
            decoded.append(frame)
            yield frame

    monkeypatch.setattr("resizer.pipeline.decode", slowly)
    source, clock.end = upload(s3, "long", animation(format_)), 6
    with pytest.raises(OutOfTime):
        process(source, SETTINGS, s3)
    assert len(decoded) == 2
    clock.end = math.inf
    assert outputs(s3) == []


@pytest.mark.parametrize("format_", ANIMATED)
def test_encoding_an_animation_stops_out_of_time(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoding an animation checks the time before each frame."""
    frames = [Frame(noise(40, 30, seed), 40) for seed in range(5)]
    checks: list[int] = []

    def fail_at_the_third() -> None:
        checks.append(len(checks))
        if len(checks) == 3:
            raise OutOfTime("now")

    monkeypatch.setattr(deadline, "need", fail_at_the_third)
    with pytest.raises(OutOfTime):
        Encoding().encode(frames, Format(format_), Quality())
    assert len(checks) == 3


def after_two_renditions(s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch) -> tuple[SourceObject, str]:
    """Resize `cat.jpg` with time for two of its three renditions; the source, and the error's message."""

    class Slowly(Encoding):
        def encode(self, *arguments: Any) -> bytes:
            data = super().encode(*arguments)
            clock.advance(4)
            return data

    source, clock.end = upload(s3, "cat.jpg", saved(photo_like(1200, 900))), 7.9
    with monkeypatch.context() as patched:
        patched.setattr("resizer.pipeline.Encoding", Slowly)
        patched.setattr(uploads, "executor", InlineExecutor())
        with pytest.raises(OutOfTime) as raised:
            process(source, SETTINGS, s3)
    clock.end = math.inf
    return source, str(raised.value)


def test_the_error_lists_what_was_written(s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """If time runs out between renditions, finished ones are stored, and the error lists both."""
    _, message = after_two_renditions(s3, clock, monkeypatch)
    assert "Written: ['resized/1000-cat.jpg', 'resized/640-cat.jpg']" in message
    assert "not written: ['resized/480-cat.jpg']" in message
    assert outputs(s3) == ["resized/1000-cat.jpg", "resized/640-cat.jpg"]


def test_uploads_without_a_response_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads to a silent S3 end before the invocation, and none is left running."""
    started: list[float] = []

    def note_and_write(writer: Writer, rendition: Rendition) -> bool:
        started.append(time.monotonic())
        return write(writer, rendition)

    def remaining() -> float:
        """After the first upload has started, enough for one attempt and not for two."""
        return ENDING_SECONDS + CONNECT_SECONDS + 0.2 + started[0] - time.monotonic() if started else 60

    write = Writer.write
    monkeypatch.setattr(Writer, "write", note_and_write)
    body = saved(photo_like(1200, 900))
    picture = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n%b' % (len(body), body)
    with serving(picture, *[b"HTTP/1.1"] * 9):  # three uploads, up to three attempts each
        monkeypatch.setattr(deadline, "remaining", remaining)
        with pytest.raises(OutOfTime, match="Written: \\[\\]; not written: "):
            process(SourceObject(BUCKET, "cat.jpg"), SETTINGS, clients.s3())
    idle = [uploads.executor.submit(bool, started) for _ in range(3)]
    assert all(each.result(PATIENCE) for each in idle)


def test_a_retry_writes_the_remaining_renditions(s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a timed-out attempt the retry completes the set, without rewriting existing renditions."""
    source, _ = after_two_renditions(s3, clock, monkeypatch)
    before = last_modified(s3)
    assert process(source, SETTINGS, s3).outcome is Outcome.RESIZED
    assert len(outputs(s3)) == 3
    assert before.items() < last_modified(s3).items()


def last_modified(s3: Any) -> dict[str, Any]:
    """When each rendition was last written."""
    return {key: s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] for key in outputs(s3)}


def test_a_source_replaced_during_the_download_gives_the_newer_picture(s3: Any) -> None:
    """The download has the old picture, but the HEAD after writing sees the new one, which is then resized."""
    newer: list[SourceObject] = []

    def replace() -> None:
        if not newer:
            newer.append(upload(s3, "cat.png", saved(photo_like(300, 200, seed=2), "PNG")))

    old = upload(s3, "cat.png", saved(photo_like(300, 200, seed=1), "PNG"))
    assert process(old, SETTINGS, Stalling(s3, before_each=replace)).outcome is Outcome.RESIZED
    answer = s3.get_object(Bucket=BUCKET, Key="resized/480-cat.png")
    assert answer["Metadata"]["source-etag"] == newer[0].etag
    assert psnr(opened(answer["Body"].read()), photo_like(300, 200, 2)) > 60
    assert process(newer[0], SETTINGS, s3).reason is Reason.ALREADY_DONE


def test_a_late_event_does_not_undo_a_newer_upload(s3: Any) -> None:
    """If the older of two events comes last, it is `superseded`, and the newer renditions stay."""
    old = upload(s3, "cat.png", saved(photo_like(300, 200, seed=1), "PNG"))
    newer = upload(s3, "cat.png", saved(photo_like(300, 200, seed=2), "PNG"))
    process(newer, SETTINGS, s3)
    report = process(old, SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.SKIPPED, Reason.SUPERSEDED)
    assert s3.head_object(Bucket=BUCKET, Key="resized/480-cat.png")["Metadata"]["source-etag"] == newer.etag
