"""Work that would not end in time is stopped in every stage, and says what was and was not written."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from resizer.deadline import ENDING_SECONDS, MARGIN_SECONDS, Clock
from resizer.decode.frames import decode
from resizer.encode import Encoding
from resizer.errors import OutOfTime, Reason, SourceInterrupted
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = Settings()
PATIENCE = 10  # seconds that a test waits for what should come at once
ANIMATED = ["GIF", "PNG", "WEBP", "AVIF"]


@dataclass(slots=True)
class Time:
    """Time that goes on when it is told to."""

    now: float = 0.0

    def passes(self, seconds: float) -> None:
        self.now += seconds

    def until(self, moment: float) -> Clock:
        """An invocation's clock, by which work has to end at a moment."""
        return Clock(remaining=lambda: moment - self.now + MARGIN_SECONDS)


@pytest.fixture
def clock() -> Time:
    """Time that stands still."""
    return Time()


class Body(io.BytesIO):
    """A download that calls `before_each` before it hands out bytes."""

    before_each: Callable[[], None]

    def read1(self, amount: int | None = -1) -> bytes:
        self.before_each()
        return super().read1(-1 if amount is None else amount)


@dataclass(slots=True)
class Stalling(RecordingS3):
    """An S3 whose downloads call `before_each` before they hand out bytes."""

    before_each: Callable[[], None] = field(default=lambda: None)

    def get_object(self, **request: Any) -> dict[str, Any]:
        answer = RecordingS3.get_object(self, **request)
        body = Body(answer["Body"].read())
        body.before_each = self.before_each
        return {**answer, "Body": body}


def upload(s3: Any, key: str, body: bytes) -> SourceObject:
    etag = s3.put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"].strip('"')
    return SourceObject(BUCKET, key, etag=etag, size=len(body))


def outputs(s3: Any) -> list[str]:
    listing = s3.list_objects_v2(Bucket=BUCKET, Prefix=SETTINGS.output_prefix)
    return [entry["Key"] for entry in listing.get("Contents", ())]


def animation(format_: str, frames: int = 5) -> bytes:
    first, *rest = [noise(40, 30, seed) for seed in range(frames)]
    return saved(first, format_, save_all=True, append_images=rest, duration=40)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "JPEG2000"])
def test_a_download_that_dribbles_is_given_up(format_: str, s3: Any, clock: Time) -> None:
    """A body that hands out its bytes too slowly is read no further once the time has run out, whoever reads it."""
    body = saved(noise(500, 400), format_)
    stalling = Stalling(s3, before_each=lambda: clock.passes(4))
    with pytest.raises(OutOfTime, match="not enough time") as raised:
        process(upload(s3, "slow", body), SETTINGS, stalling, clock.until(6))
    assert raised.value.retryable
    assert clock.now == 8  # the second block was under way, and the third was not asked for
    assert outputs(s3) == []


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "JPEG2000", "AVIF"])
def test_a_stalled_download_is_tried_again(format_: str, s3: Any) -> None:
    """A body that hands out nothing any more is an interrupted download, in every format."""
    reads: list[int] = []

    def stall_at_the_second() -> None:
        reads.append(len(reads))
        if len(reads) == 2:
            raise ReadTimeoutError(endpoint_url="https://s3.test")

    body = saved(noise(500, 400), format_) + bytes(65_536)
    with pytest.raises(SourceInterrupted, match="broke off") as raised:
        process(upload(s3, "stalled", body), SETTINGS, Stalling(s3, before_each=stall_at_the_second))
    assert raised.value.retryable
    assert outputs(s3) == []


@pytest.mark.parametrize("format_", ["WEBP", "AVIF", "JPEG2000", "TIFF"])
def test_what_cannot_be_stopped_is_not_begun(
    format_: str, s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that cannot be stopped is not started where the picture's pixels will take longer than is left."""
    monkeypatch.setattr("resizer.pipeline.decode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(OutOfTime):
        process(upload(s3, "big", saved(photo_like(1000, 800), format_)), SETTINGS, s3, clock.until(0.01))


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_stopped_between_its_frames(
    format_: str, s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No frame is decoded after the time has run out."""
    decoded: list[Frame] = []

    def slowly(*arguments: Any) -> Iterator[Frame]:
        for frame in decode(*arguments):
            clock.passes(4)
            decoded.append(frame)
            yield frame

    monkeypatch.setattr("resizer.pipeline.decode", slowly)
    with pytest.raises(OutOfTime):
        process(upload(s3, "long", animation(format_)), SETTINGS, s3, clock.until(6))
    assert len(decoded) == 2
    assert outputs(s3) == []


@pytest.mark.parametrize("format_", ANIMATED)
def test_an_animation_is_encoded_only_while_there_is_time(format_: str) -> None:
    """Encoding an animation asks before each frame whether to go on."""
    frames = [Frame(noise(40, 30, seed), 40) for seed in range(5)]
    asked: list[int] = []

    def no_more_at_the_third() -> None:
        asked.append(len(asked))
        if len(asked) == 3:
            raise OutOfTime("now")

    with pytest.raises(OutOfTime):
        Encoding(before_each_frame=no_more_at_the_third).encode(frames, Format(format_), Quality())
    assert len(asked) == 3


def test_what_was_written_and_what_was_not_is_told(s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time runs out between renditions, those that are done are stored, and the others named."""

    class Slowly(Encoding):
        def encode(self, *arguments: Any) -> bytes:
            data = super().encode(*arguments)
            clock.passes(4)
            return data

    monkeypatch.setattr("resizer.pipeline.Encoding", Slowly)
    monkeypatch.setattr(uploads, "executor", InlineExecutor())
    source = upload(s3, "cat.jpg", saved(photo_like(1200, 900)))
    with pytest.raises(OutOfTime) as raised:
        process(source, SETTINGS, s3, clock.until(6))
    told = str(raised.value)
    assert "Written: ['resized/1000-cat.jpg', 'resized/640-cat.jpg']" in told
    assert "not written: ['resized/480-cat.jpg']" in told
    assert outputs(s3) == ["resized/1000-cat.jpg", "resized/640-cat.jpg"]


def test_uploads_that_get_no_answer_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests end by themselves when the invocation does, and none is left running."""
    began: list[float] = []

    def late_write(writer: Writer, rendition: Rendition) -> bool:
        began.append(time.monotonic())
        return write(writer, rendition)

    def remaining() -> float:
        """So much from the first upload on that one attempt fits, and no other."""
        return ENDING_SECONDS + CONNECT_SECONDS + 0.2 + began[0] - time.monotonic() if began else 60

    write = Writer.write
    monkeypatch.setattr(Writer, "write", late_write)
    body = saved(photo_like(1200, 900))
    picture = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n%b' % (len(body), body)
    with serving(picture, *[b"HTTP/1.1"] * 9):  # three uploads, each tried up to three times
        clients.clock = until = Clock(remaining=remaining)
        with pytest.raises(OutOfTime, match="Written: \\[\\]; not written: "):
            process(SourceObject(BUCKET, "cat.jpg"), SETTINGS, clients.s3(), until)
    idle = [uploads.executor.submit(bool, began) for _ in range(3)]
    assert all(each.result(PATIENCE) for each in idle)


def test_the_next_try_takes_up_what_was_left(s3: Any, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a try that ran out of time the next one completes the set, and leaves what stands as it is."""
    test_what_was_written_and_what_was_not_is_told(s3, clock, monkeypatch)
    stood = written_when(s3)
    monkeypatch.setattr("resizer.pipeline.Encoding", Encoding)
    etag = s3.head_object(Bucket=BUCKET, Key="cat.jpg")["ETag"].strip('"')
    report = process(SourceObject(BUCKET, "cat.jpg", etag=etag), SETTINGS, s3, clock.until(clock.now + 60))
    assert report.outcome is Outcome.RESIZED
    assert len(outputs(s3)) == 3
    assert stood.items() < written_when(s3).items()


def written_when(s3: Any) -> dict[str, Any]:
    """When each rendition was last written."""
    return {key: s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] for key in outputs(s3)}


def test_a_source_replaced_while_it_is_read_ends_with_the_newer_picture(s3: Any) -> None:
    """The body of the old upload is still the old picture; the look afterwards sees that it has been replaced."""
    newer: list[SourceObject] = []

    def replace_it() -> None:
        if not newer:
            newer.append(upload(s3, "cat.png", saved(photo_like(300, 200, seed=2), "PNG")))

    old = upload(s3, "cat.png", saved(photo_like(300, 200, seed=1), "PNG"))
    assert process(old, SETTINGS, Stalling(s3, before_each=replace_it)).outcome is Outcome.RESIZED
    answer = s3.get_object(Bucket=BUCKET, Key="resized/480-cat.png")
    assert answer["Metadata"]["source-etag"] == newer[0].etag
    assert psnr(opened(answer["Body"].read()), photo_like(300, 200, 2)) > 60
    assert process(newer[0], SETTINGS, s3).reason is Reason.ALREADY_DONE


def test_an_old_event_never_undoes_a_newer_upload(s3: Any) -> None:
    """When the older of two events comes last, its upload is no more, and the newer renditions stay."""
    old = upload(s3, "cat.png", saved(photo_like(300, 200, seed=1), "PNG"))
    newer = upload(s3, "cat.png", saved(photo_like(300, 200, seed=2), "PNG"))
    process(newer, SETTINGS, s3)
    report = process(old, SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.SKIPPED, Reason.SUPERSEDED)
    assert s3.head_object(Bucket=BUCKET, Key="resized/480-cat.png")["Metadata"]["source-etag"] == newer.etag
