"""A download reads as a file in memory does, while it holds less than two blocks of it."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.s3.content_encoding import BLOCK
from tests.conftest import Download
from tests.support.streams import stream_of

DATA = random.Random(1).randbytes(3 * BLOCK + 17)
LARGE = random.Random(2).randbytes(40 * BLOCK + 5)

_sizes = st.integers(0, 2 * BLOCK) | st.integers(0, 40) | st.just(-1)
_reads = st.tuples(st.just("read"), _sizes)
_seeks = st.tuples(
    st.just("seek"), st.integers(0, len(DATA) + 9), st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
)


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


def test_a_seek_to_what_is_no_longer_held_is_refused() -> None:
    """Bytes that are gone are refused by name, as a file that cannot seek does, and never read wrong."""
    stream = stream_of(Download(LARGE), len(LARGE))
    stream.release_behind()
    stream.read(2 * BLOCK)
    for position in (0, BLOCK, 2 * BLOCK - 1):
        with pytest.raises(io.UnsupportedOperation, match=f"s3://photos/cat.jpg refers back to byte {position},"):
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
