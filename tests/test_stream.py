"""A source stream reads like a file, holds next to nothing and never ends quietly."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from hypothesis import given
from hypothesis import strategies as st

from resizer.errors import OutOfTime, Reason, SourceInterrupted
from resizer.model import SourceMetadata
from resizer.stream import BLOCK, DRAIN, HEADER, SourceStream, too_many_bytes
from tests.conftest import Download, rejects

DATA = random.Random(1).randbytes(3 * BLOCK + 17)
LARGE = random.Random(2).randbytes(40 * BLOCK + 5)
UNLIMITED = 10**9
BREAKS = [
    ReadTimeoutError(endpoint_url="https://s3.test"),
    IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ResponseStreamingError(error="Connection broken"),
    ConnectionResetError("Connection reset by peer"),
]

_sizes = st.integers(0, 2 * BLOCK) | st.integers(0, 40) | st.just(-1)
_reads = st.tuples(st.just("read"), _sizes)
_seeks = st.tuples(
    st.just("seek"), st.integers(0, len(DATA) + 9), st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
)


def stream_of(body: Download, size: int | None, limit: int = UNLIMITED) -> SourceStream:
    return SourceStream(body, SourceMetadata("etag", size), "s3://photos/cat.jpg", limit)


@given(st.lists(_reads | _seeks, max_size=12), st.sampled_from([None, 1000, BLOCK]), st.booleans())
def test_it_reads_as_a_file_in_memory_does(steps: list[tuple[Any, ...]], piece: int | None, told: bool) -> None:  # noqa: FBT001 # hypothesis draws it
    """Any sequence of reads and seeks gives what `io.BytesIO` gives, however the network cuts the bytes."""
    file, stream = io.BytesIO(DATA), stream_of(Download(DATA, piece=piece), len(DATA) if told else None)
    for step in steps:
        if step[0] == "read":
            assert stream.read(step[1]) == file.read(step[1])
        else:
            target, whence = step[1:]
            start = {io.SEEK_SET: 0, io.SEEK_CUR: file.tell(), io.SEEK_END: len(DATA)}[whence]
            assert stream.seek(target - start, whence) == file.seek(target - start, whence) == target
        assert stream.tell() == file.tell()
    assert stream.fetched <= len(DATA)


@given(st.lists(st.integers(1, 3 * BLOCK), max_size=40), st.integers(0, BLOCK), st.sampled_from([None, 7000]))
def test_reading_forwards_holds_less_than_two_blocks(sizes: list[int], before: int, piece: int | None) -> None:
    """Once it may let go, a body of any size goes through unchanged while under two blocks are in memory."""
    stream = stream_of(Download(LARGE, piece=piece), len(LARGE))
    position = len(stream.read(before))
    stream.release_behind()
    for size in [*sizes, *[BLOCK] * 41]:
        assert stream.read(size) == LARGE[position : position + size]
        position = min(position + size, len(LARGE))
        assert stream.held < 2 * BLOCK
        assert stream.tell() == position
    assert stream.fetched == len(LARGE)


@given(st.lists(st.tuples(st.integers(0, 2 * BLOCK), st.integers(0, 2 * BLOCK)), max_size=20))
def test_skipping_forwards_loses_nothing_that_follows(hops: list[tuple[int, int]]) -> None:
    """A released stream gives the right bytes behind every leap ahead, and keeps none that it leapt over."""
    file, stream = io.BytesIO(LARGE), stream_of(Download(LARGE), len(LARGE))
    stream.release_behind()
    for distance, size in hops:
        file.seek(distance, io.SEEK_CUR)
        stream.seek(distance, io.SEEK_CUR)
        assert stream.read(size) == file.read(size)
        assert stream.held < 2 * BLOCK


def test_a_seek_to_what_was_let_go_of_is_refused() -> None:
    """Bytes that are gone are refused by name, as a file that cannot seek does, and never read wrong."""
    stream = stream_of(Download(LARGE), len(LARGE))
    stream.release_behind()
    stream.read(2 * BLOCK)
    for position in (0, BLOCK, 2 * BLOCK - 1):
        with pytest.raises(io.UnsupportedOperation, match=f"byte {position} of s3://photos/cat.jpg"):
            stream.seek(position)
    assert stream.read(9) == LARGE[2 * BLOCK : 2 * BLOCK + 9]


def test_what_was_read_before_can_be_read_again_until_the_next_fetch() -> None:
    """A decoder may still go back to the header's bytes when it starts, for they are held until then."""
    stream = stream_of(Download(LARGE), len(LARGE))
    stream.read(100)
    stream.release_behind()
    assert stream.seek(20) == 20
    assert stream.read(50) == LARGE[20:70]
    assert stream.read(2 * BLOCK) == LARGE[70 : 70 + 2 * BLOCK]


def test_a_seek_before_the_first_byte_is_refused() -> None:
    """A position below zero is an error and does not move the stream."""
    stream = stream_of(Download(DATA), len(DATA))
    stream.read(5)
    with pytest.raises(ValueError, match="-1"):
        stream.seek(-1)
    assert stream.tell() == 5


@pytest.mark.parametrize("released", [False, True])
def test_the_end_is_known_to_the_byte_without_a_download(released: bool) -> None:  # noqa: FBT001 # a table's column
    """`seek` to the end says the size that S3 told, with not one byte fetched for it."""
    body = Download(DATA)
    stream = stream_of(body, len(DATA))
    if released:
        stream.release_behind()
    assert stream.seek(0, io.SEEK_END) == stream.tell() == len(DATA)
    assert stream.seek(-7, io.SEEK_END) == len(DATA) - 7
    assert body.taken == stream.fetched == 0
    assert stream.read() == DATA[-7:]


def test_the_end_of_an_unknown_size_is_found_to_the_byte() -> None:
    """Where S3 told no size, `seek` to the end is right all the same."""
    stream = stream_of(Download(DATA, piece=999), None)
    assert stream.seek(0, io.SEEK_END) == len(DATA)
    assert stream.seek(0) == 0
    assert stream.read() == DATA


def test_it_asks_for_no_more_than_a_block_ahead() -> None:
    """Reading little by little fetches a block at a time, so that download and decoding overlap."""
    body = Download(DATA)
    stream = stream_of(body, len(DATA))
    assert stream.read(10) == DATA[:10]
    assert body.taken == BLOCK
    assert stream.read(BLOCK - 10) == DATA[10:BLOCK]
    assert body.taken == BLOCK


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
    """A body without a size is read one byte past the limit, never on."""
    body = Download(LARGE)
    with rejects(Reason.TOO_MANY_BYTES):
        stream_of(body, None, limit=1000).read()
    assert body.taken == 1001


@pytest.mark.parametrize("size", [None, len(DATA)])
def test_a_body_of_exactly_the_limit_is_read(size: int | None) -> None:
    """The limit is the largest size that is allowed."""
    assert stream_of(Download(DATA), size, limit=len(DATA)).read() == DATA


@pytest.mark.parametrize(
    ("size", "words"), [(2000, "s3://photos/cat.jpg holds 2000 bytes"), (None, "s3://photos/cat.jpg holds more")]
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
    with pytest.raises(SourceInterrupted, match=f"s3://photos/cat.jpg after {BLOCK} bytes broke off") as interruption:
        stream.read(BLOCK)
    assert interruption.value.retryable
    assert interruption.value.__cause__ is problem
    for again in (stream.check, stream.read):
        with pytest.raises(SourceInterrupted):
            again()


@pytest.mark.parametrize("missing", [1, BLOCK])
def test_a_body_shorter_than_promised_is_interrupted(missing: int) -> None:
    """A body that ends before the size that S3 told is no image to judge but a download to try again."""
    stream = stream_of(Download(DATA[:-missing]), len(DATA))
    with pytest.raises(SourceInterrupted, match=f"ended early: it has {len(DATA)}"):
        stream.read()
    with pytest.raises(SourceInterrupted):
        stream.check()


@pytest.mark.parametrize(
    ("rest", "taken"),
    [(0, 0), (1, 1), (DRAIN, DRAIN), (DRAIN + 1, 0), (20 * BLOCK, 0)],
)
def test_closing_reads_only_a_short_rest(rest: int, taken: int) -> None:
    """A short rest is read so that the connection can serve again; a long one is not paid for."""
    body = Download(LARGE)
    stream = stream_of(body, len(LARGE))
    stream.read(len(LARGE) - rest)
    read = body.taken
    stream.close()
    assert body.taken - read == taken
    assert body.closed


def test_closing_after_a_break_reads_nothing_more() -> None:
    """A broken download is closed as it is."""
    body = Download(DATA[:-9], problem=BREAKS[0])
    stream = stream_of(body, len(DATA))
    with pytest.raises(SourceInterrupted):
        stream.read()
    stream.close()
    assert body.closed


def test_a_header_without_end_is_rejected() -> None:
    """A file that is all header is refused before it fills the memory."""
    stream = stream_of(Download(bytes(HEADER + 2 * BLOCK)), HEADER + 2 * BLOCK)
    with rejects(Reason.TOO_MANY_BYTES):
        while stream.read(BLOCK):
            assert stream.held <= HEADER
    with rejects(Reason.TOO_MANY_BYTES):
        stream.check()


def test_everything_is_held_where_that_is_asked_for() -> None:
    """A decoder that goes back and forth may have the whole object, whatever its size."""
    stream = stream_of(Download(bytes(HEADER + BLOCK)), HEADER + BLOCK)
    stream.hold_everything()
    assert len(stream.read()) == stream.held == HEADER + BLOCK
    assert stream.seek(0) == 0


@pytest.mark.parametrize(("told", "size"), [(len(DATA), len(DATA)), (None, UNLIMITED)])
def test_the_size_is_what_s3_said_or_what_may_be_read(told: int | None, size: int) -> None:
    """Where S3 told no size the limit stands for it, so that nothing is planned too small."""
    assert stream_of(Download(DATA), told).size == size


def test_a_fetch_may_be_refused_and_stays_so() -> None:
    """Whoever is asked before each fetch can end the download, which then is remembered."""
    problem = OutOfTime("the function is about to be stopped")

    def refuse() -> None:
        raise problem

    body = Download(DATA)
    stream = SourceStream(body, SourceMetadata("etag", len(DATA)), "s3://photos/cat.jpg", UNLIMITED, refuse)
    for again in (stream.read, stream.check):
        with pytest.raises(OutOfTime) as refusal:
            again()
        assert refusal.value is problem
    assert body.taken == 0


def test_it_says_that_it_can_be_read_and_seeked() -> None:
    """Pillow is told what the stream can do."""
    stream = stream_of(Download(b""), 0)
    assert stream.readable()
    assert stream.seekable()
    assert stream.read() == b""


def test_a_download_that_trickles_is_ended_in_time() -> None:
    """The time is looked at before every piece that comes, however few bytes it has."""
    left = iter([None] * 5)

    def need() -> None:
        if next(left, "over") == "over":
            raise OutOfTime("The time is over.")

    body = Download(DATA, piece=1)
    stream = SourceStream(body, SourceMetadata("etag", len(DATA)), "s3://photos/cat.jpg", UNLIMITED, need)
    with pytest.raises(OutOfTime):
        stream.read(BLOCK)
    assert body.taken == 5
