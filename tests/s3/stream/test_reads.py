"""A download reads like a file in memory, but holds less than two blocks."""

import io
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.errors import Reason
from resizer.s3.content_encoding import BLOCK
from resizer.s3.stream import MAX_READ
from tests.conftest import Download, rejects
from tests.support.streams import stream_of

DATA = random.Random(1).randbytes(3 * BLOCK + 17)
LARGE = random.Random(2).randbytes(40 * BLOCK + 5)

_sizes = st.integers(0, 2 * BLOCK) | st.integers(0, 40) | st.just(-1)
_reads = st.tuples(st.just("read"), _sizes)
_seeks = st.tuples(
    st.just("seek"), st.integers(0, len(DATA) + 9), st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
)


@given(st.lists(_reads | _seeks, max_size=12), st.sampled_from([None, 1000, BLOCK]), st.booleans())
def test_it_reads_like_a_file_in_memory(steps: list[tuple[Any, ...]], piece: int | None, sized: bool) -> None:  # noqa: FBT001 # hypothesis draws it
    """Any sequence of reads and seeks gives what `io.BytesIO` gives, whatever pieces arrive."""
    file, stream = io.BytesIO(DATA), stream_of(Download(DATA, piece=piece), len(DATA) if sized else None)
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
    """After `release_behind`, the bytes are right while fewer than two blocks are held."""
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
def test_a_forward_seek_gives_the_right_bytes(hops: list[tuple[int, int]]) -> None:
    """After `release_behind`, a forward seek gives the right bytes and holds none that it skipped."""
    file, stream = io.BytesIO(LARGE), stream_of(Download(LARGE), len(LARGE))
    stream.release_behind()
    for distance, size in hops:
        file.seek(distance, io.SEEK_CUR)
        stream.seek(distance, io.SEEK_CUR)
        assert stream.read(size) == file.read(size)
        assert stream.held < 2 * BLOCK


def test_a_seek_to_released_bytes_is_refused() -> None:
    """Seeking to released bytes raises `UnsupportedOperation` with the object's name."""
    stream = stream_of(Download(LARGE), len(LARGE))
    stream.release_behind()
    stream.read(2 * BLOCK)
    for position in (0, BLOCK, 2 * BLOCK - 1):
        with pytest.raises(io.UnsupportedOperation, match=f"s3://photos/cat.jpg refers back to byte {position},"):
            stream.seek(position)
    assert stream.read(9) == LARGE[2 * BLOCK : 2 * BLOCK + 9]


def test_the_header_can_be_read_again_until_the_next_fetch() -> None:
    """After `release_behind`, a decoder can go back to the header until more is downloaded."""
    stream = stream_of(Download(LARGE), len(LARGE))
    stream.read(100)
    stream.release_behind()
    assert stream.seek(20) == 20
    assert stream.read(50) == LARGE[20:70]
    assert stream.read(2 * BLOCK) == LARGE[70 : 70 + 2 * BLOCK]


def test_a_huge_part_after_the_header_is_damage() -> None:
    """After `release_behind`, a decoder that asks for a megabyte at once gets a rejection, before any download."""
    body = Download(LARGE)
    stream = stream_of(body, len(LARGE))
    stream.release_behind()
    with rejects(Reason.CORRUPT):
        stream.read(MAX_READ)
    with rejects(Reason.CORRUPT):
        stream.check()
    assert body.taken == 0


def test_a_seek_before_the_first_byte_is_refused() -> None:
    """A position below zero is an error and does not move the stream."""
    stream = stream_of(Download(DATA), len(DATA))
    stream.read(5)
    with pytest.raises(ValueError, match="-1"):
        stream.seek(-1)
    assert stream.tell() == 5


@pytest.mark.parametrize("released", [False, True])
def test_seeking_to_the_end_downloads_nothing(released: bool) -> None:  # noqa: FBT001 # a table's column
    """With a Content-Length, seeking to the end reads no byte."""
    body = Download(DATA)
    stream = stream_of(body, len(DATA))
    if released:
        stream.release_behind()
    assert stream.seek(0, io.SEEK_END) == stream.tell() == len(DATA)
    assert stream.seek(-7, io.SEEK_END) == len(DATA) - 7
    assert body.taken == stream.fetched == 0
    assert stream.read() == DATA[-7:]


def test_the_end_is_found_without_a_content_length() -> None:
    """Without a Content-Length, seeking to the end returns the right position."""
    stream = stream_of(Download(DATA, piece=999), None)
    assert stream.seek(0, io.SEEK_END) == len(DATA)
    assert stream.seek(0) == 0
    assert stream.read() == DATA


def test_one_block_is_downloaded_at_a_time() -> None:
    """Small reads download one block at a time, so that download and decoding overlap."""
    body = Download(DATA)
    stream = stream_of(body, len(DATA))
    assert stream.read(10) == DATA[:10]
    assert body.taken == BLOCK
    assert stream.read(BLOCK - 10) == DATA[10:BLOCK]
    assert body.taken == BLOCK
