"""A download ends where it may: at its cap, at its break, in time, and never as half a picture."""

from __future__ import annotations

import random

import pytest
from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from resizer import deadline
from resizer.errors import OutOfTime, Reason, StorageError
from resizer.s3.content_encoding import BLOCK
from resizer.s3.stream import MAX_HEADER, too_many_bytes
from tests.conftest import Download, rejects
from tests.support.streams import UNLIMITED, stream_of

DATA = random.Random(1).randbytes(3 * BLOCK + 17)
LARGE = random.Random(2).randbytes(40 * BLOCK + 5)

BREAKS = [
    ReadTimeoutError(endpoint_url="https://s3.test"),
    IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ResponseStreamingError(error="Connection broken"),
    ConnectionResetError("Connection reset by peer"),
]


@pytest.mark.parametrize("size", [None, len(DATA)])
@pytest.mark.parametrize("amount", [-1, BLOCK])
@pytest.mark.parametrize("released", [False, True])
def test_the_cap_holds_with_and_without_a_size(size: int | None, amount: int, released: bool) -> None:  # noqa: FBT001 # a table's column
    """No byte past the limit is handed out, told or untold, and the rejection is remembered."""
    body = Download(DATA)
    stream = stream_of(body, size, limit=BLOCK + 100)
    if released:
        stream.release_behind()
    given_out = b""
    with rejects(Reason.TOO_MANY_BYTES):
        for _ in range(9):
            given_out += stream.read(amount)
    assert len(given_out) <= BLOCK + 100
    with rejects(Reason.TOO_MANY_BYTES):
        stream.check()


def test_the_cap_stops_an_endless_body() -> None:
    """A body without a size is read one block past the limit, never on."""
    body = Download(LARGE)
    with rejects(Reason.TOO_MANY_BYTES):
        stream_of(body, None, limit=1000).read()
    assert body.taken == BLOCK


@pytest.mark.parametrize("size", [None, len(DATA)])
def test_a_body_of_exactly_the_limit_is_read(size: int | None) -> None:
    """The limit is the largest size that is allowed."""
    assert stream_of(Download(DATA), size, limit=len(DATA)).read() == DATA


@pytest.mark.parametrize(
    ("size", "words"), [(2000, "s3://photos/cat.jpg has 2000 bytes"), (None, "s3://photos/cat.jpg is larger")]
)
def test_the_rejection_names_object_size_and_setting(size: int | None, words: str) -> None:
    """Who reads the rejection learns which object, how large, and which setting to raise."""
    rejection = too_many_bytes("s3://photos/cat.jpg", size, 1000)
    assert rejection.detail.startswith(words)
    assert "RESIZER_MAX_BYTES allows 1000" in rejection.detail


@pytest.mark.parametrize("problem", BREAKS, ids=lambda problem: type(problem).__name__)
@pytest.mark.parametrize("size", [None, len(DATA)])
@pytest.mark.parametrize("released", [False, True])
def test_a_broken_download_is_interrupted_and_stays_so(problem: Exception, size: int | None, released: bool) -> None:  # noqa: FBT001 # a table's column
    """However a download breaks off, reading raises what asks for another try, and again on every later read."""
    stream = stream_of(Download(DATA[: BLOCK + 5], problem=problem), size)
    if released:
        stream.release_behind()
    assert stream.read(BLOCK) == DATA[:BLOCK]
    stream.check()
    with pytest.raises(StorageError, match=f"cat.jpg broke off after {BLOCK + 5} bytes") as interruption:
        stream.read(BLOCK)
    assert interruption.value.retryable
    assert interruption.value.__cause__ is problem
    for again in (stream.check, stream.read):
        with pytest.raises(StorageError):
            again()


@pytest.mark.parametrize("missing", [1, BLOCK])
def test_a_body_shorter_than_promised_is_interrupted(missing: int) -> None:
    """A body that ends before the size that S3 told is no image to judge but a download to try again."""
    stream = stream_of(Download(DATA[:-missing]), len(DATA))
    with pytest.raises(StorageError, match=f"ended {missing} bytes early"):
        stream.read()
    with pytest.raises(StorageError):
        stream.check()


@pytest.mark.parametrize(("blocks", "taken"), [(41, 0), (40, 5), (37, 3 * BLOCK + 5), (36, 0), (20, 0)])
def test_only_a_short_rest_is_drained(blocks: int, taken: int) -> None:
    """A short rest is read so that the connection can serve again; a long one is not paid for."""
    body = Download(LARGE)
    stream = stream_of(body, len(LARGE))
    stream.read(blocks * BLOCK)
    read = body.taken
    stream.drain()
    assert body.taken - read == taken


def test_closing_after_a_break_reads_nothing_more() -> None:
    """A broken download is closed as it is."""
    body = Download(DATA[:-9], problem=BREAKS[0])
    stream = stream_of(body, len(DATA))
    with pytest.raises(StorageError):
        stream.read()
    taken = body.taken
    stream.drain()
    assert body.taken == taken


def test_a_header_without_end_is_rejected() -> None:
    """A file that is all header is refused before it fills the memory."""
    stream = stream_of(Download(bytes(MAX_HEADER + 2 * BLOCK)), MAX_HEADER + 2 * BLOCK)
    with rejects(Reason.TOO_MANY_BYTES):
        while stream.read(BLOCK):
            assert stream.held <= MAX_HEADER
    with rejects(Reason.TOO_MANY_BYTES):
        stream.check()


def test_everything_is_held_where_that_is_asked_for() -> None:
    """A decoder that goes back and forth may have the whole object, whatever its size."""
    stream = stream_of(Download(bytes(MAX_HEADER + BLOCK)), MAX_HEADER + BLOCK)
    stream.hold_everything()
    assert len(stream.read()) == stream.held == MAX_HEADER + BLOCK
    assert stream.seek(0) == 0


@pytest.mark.parametrize(("told", "size"), [(len(DATA), len(DATA)), (None, UNLIMITED)])
def test_the_size_is_what_s3_said_or_what_may_be_read(told: int | None, size: int) -> None:
    """Where S3 told no size the limit stands for it, so that nothing is planned too small."""
    assert stream_of(Download(DATA), told).size == size


def test_a_fetch_may_be_refused_and_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time left the download ends, which then is remembered."""
    monkeypatch.setattr(deadline, "remaining", lambda: 0.0)
    body = Download(DATA)
    stream = stream_of(body, len(DATA))
    with pytest.raises(OutOfTime) as refusal:
        stream.read()
    monkeypatch.undo()
    with pytest.raises(OutOfTime) as again:
        stream.check()
    assert again.value is refusal.value
    assert body.taken == 0


def test_an_empty_body_is_read() -> None:
    """It ends at once."""
    assert stream_of(Download(b""), 0).read() == b""


def test_a_download_that_trickles_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is looked at before every piece that comes, however few bytes it has."""
    left = iter([60.0] * 5)
    monkeypatch.setattr(deadline, "remaining", lambda: next(left, 0.0))
    body = Download(DATA, piece=1)
    stream = stream_of(body, len(DATA))
    with pytest.raises(OutOfTime):
        stream.read(BLOCK)
    assert body.taken == 5
