"""A download ends at its limit, at an error or out of time, and never passes for a whole picture."""

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
def test_the_limit_holds_with_and_without_a_content_length(size: int | None, amount: int, released: bool) -> None:  # noqa: FBT001 # a table's column
    """No byte beyond the limit is returned, and every later check raises the same rejection."""
    body = Download(DATA)
    stream = stream_of(body, size, limit=BLOCK + 100)
    if released:
        stream.release_behind()
    data = b""
    with rejects(Reason.TOO_MANY_BYTES):
        for _ in range(9):
            data += stream.read(amount)
    assert len(data) <= BLOCK + 100
    with rejects(Reason.TOO_MANY_BYTES):
        stream.check()


def test_the_limit_stops_an_endless_body() -> None:
    """A body without a Content-Length is read at most one block beyond the limit."""
    body = Download(LARGE)
    with rejects(Reason.TOO_MANY_BYTES):
        stream_of(body, None, limit=1000).read()
    assert body.taken == BLOCK


@pytest.mark.parametrize("size", [None, len(DATA)])
def test_a_body_of_exactly_the_limit_is_accepted(size: int | None) -> None:
    """A body may be as large as the limit."""
    assert stream_of(Download(DATA), size, limit=len(DATA)).read() == DATA


@pytest.mark.parametrize(
    ("size", "words"), [(2000, "s3://photos/cat.jpg has 2000 bytes"), (None, "s3://photos/cat.jpg is larger")]
)
def test_the_rejection_names_object_size_and_setting(size: int | None, words: str) -> None:
    """The rejection names the object, its size and the setting to raise."""
    rejection = too_many_bytes("s3://photos/cat.jpg", size, 1000)
    assert rejection.detail.startswith(words)
    assert "RESIZER_MAX_BYTES allows 1000" in rejection.detail


@pytest.mark.parametrize("problem", BREAKS, ids=lambda problem: type(problem).__name__)
@pytest.mark.parametrize("size", [None, len(DATA)])
@pytest.mark.parametrize("released", [False, True])
def test_every_read_after_a_broken_download_fails(problem: Exception, size: int | None, released: bool) -> None:  # noqa: FBT001 # a table's column
    """After any connection error, this read and all later ones raise a retryable error."""
    stream = stream_of(Download(DATA[: BLOCK + 5], problem=problem), size)
    if released:
        stream.release_behind()
    assert stream.read(BLOCK) == DATA[:BLOCK]
    stream.check()
    with pytest.raises(StorageError, match=f"cat.jpg broke off after {BLOCK + 5} bytes") as interruption:
        stream.read(BLOCK)
    assert interruption.value.retryable
    assert interruption.value.__cause__ is problem
    for later in (stream.check, stream.read):
        with pytest.raises(StorageError):
            later()


@pytest.mark.parametrize("missing", [1, BLOCK])
def test_a_body_shorter_than_its_content_length_is_a_broken_download(missing: int) -> None:
    """A body that ends before its Content-Length is not a truncated image but a download to retry."""
    stream = stream_of(Download(DATA[:-missing]), len(DATA))
    with pytest.raises(StorageError, match=f"ended {missing} bytes early"):
        stream.read()
    with pytest.raises(StorageError):
        stream.check()


@pytest.mark.parametrize(("blocks", "taken"), [(41, 0), (40, 5), (37, 3 * BLOCK + 5), (36, 0), (20, 0)])
def test_only_a_short_remainder_is_drained(blocks: int, taken: int) -> None:
    """A short remainder is read so that the connection can be reused; a long one is not."""
    body = Download(LARGE)
    stream = stream_of(body, len(LARGE))
    stream.read(blocks * BLOCK)
    before = body.taken
    stream.drain()
    assert body.taken - before == taken


def test_a_broken_download_is_not_drained() -> None:
    """After a connection error, draining reads nothing."""
    body = Download(DATA[:-9], problem=BREAKS[0])
    stream = stream_of(body, len(DATA))
    with pytest.raises(StorageError):
        stream.read()
    taken = body.taken
    stream.drain()
    assert body.taken == taken


def test_an_endless_header_is_rejected() -> None:
    """A file that is all header is rejected before it fills the memory."""
    stream = stream_of(Download(bytes(MAX_HEADER + 2 * BLOCK)), MAX_HEADER + 2 * BLOCK)
    with rejects(Reason.TOO_MANY_BYTES):
        while stream.read(BLOCK):
            assert stream.held <= MAX_HEADER
    with rejects(Reason.TOO_MANY_BYTES):
        stream.check()


def test_the_whole_object_can_be_held() -> None:
    """A decoder that seeks back and forth can have the whole object held."""
    stream = stream_of(Download(bytes(MAX_HEADER + BLOCK)), MAX_HEADER + BLOCK)
    stream.hold_everything()
    assert len(stream.read()) == stream.held == MAX_HEADER + BLOCK
    assert stream.seek(0) == 0


@pytest.mark.parametrize(("content_length", "size"), [(len(DATA), len(DATA)), (None, UNLIMITED)])
def test_the_size_is_the_content_length_or_the_limit(content_length: int | None, size: int) -> None:
    """Without a Content-Length the limit counts as the size, so that no plan is too small."""
    assert stream_of(Download(DATA), content_length).size == size


def test_out_of_time_is_raised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time left nothing is read, and later checks raise the same error."""
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
    """An empty body gives no bytes and no error."""
    assert stream_of(Download(b""), 0).read() == b""


def test_a_trickling_download_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remaining time is checked before every piece, however small."""
    left = iter([60.0] * 5)
    monkeypatch.setattr(deadline, "remaining", lambda: next(left, 0.0))
    body = Download(DATA, piece=1)
    stream = stream_of(body, len(DATA))
    with pytest.raises(OutOfTime):
        stream.read(BLOCK)
    assert body.taken == 5
