"""A picture with a Content-Encoding is decompressed, within the limit on its bytes."""

import gzip
import random
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.errors import Reason, StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome
from resizer.s3.content_encoding import BLOCK, MAX_PARTS, decompressed
from resizer.s3.source import open_source
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.conftest import BUCKET, Download, rejects
from tests.support.pictures import opened, photo_like, psnr, saved

PICTURE = random.Random(1).randbytes(100_000) + bytes(300_000)
LIMIT = 1_000_000


def read_all(stored: bytes, encoding: str | None, piece: int | None = None, size: int | None = None) -> bytes:
    """The bytes that are read from an object with this Content-Encoding."""

    class S3:
        def get_object(self, **_: Any) -> dict[str, Any]:
            headers = {} if encoding is None else {"ContentEncoding": encoding}
            body = Download(stored, piece=piece)
            return {"Body": body, "ContentLength": size or len(stored), "ETag": '"0"', **headers}

    with open_source(S3(), SourceObject(BUCKET, "cat.jpg"), LIMIT) as stream:
        return stream.read()


def test_compressed_pictures_are_decompressed() -> None:
    """Every supported encoding, and every list of them, gives the original bytes."""
    for encoding, stored in [
        ("gzip", gzip.compress(PICTURE)),
        ("x-gzip", gzip.compress(PICTURE)),
        ("GZIP", gzip.compress(PICTURE)),
        ("gzip", gzip.compress(PICTURE[:50_000]) + gzip.compress(b"") + gzip.compress(PICTURE[50_000:])),
        ("gzip", gzip.compress(PICTURE) + bytes(512)),
        ("deflate", zlib.compress(PICTURE)),
        ("deflate", zlib.compress(PICTURE, wbits=-zlib.MAX_WBITS)),  # raw deflate, as some programs send
        ("deflate, gzip", gzip.compress(zlib.compress(PICTURE))),
        ("gzip,aws-chunked", gzip.compress(PICTURE)),
        ("aws-chunked", PICTURE),
        ("identity", PICTURE),
        ("", PICTURE),
        (None, PICTURE),
    ]:
        for piece in [None, 1000]:
            assert read_all(stored, encoding, piece) == PICTURE


def test_no_byte_is_lost_at_the_end() -> None:
    """The last bytes arrive, even if zlib returns full blocks until it has read everything."""
    for more in range(0, 300, 10):
        picture = b"BM" + bytes(BLOCK + more)
        for window_bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
            assert read_all(zlib.compress(picture, wbits=window_bits), "deflate") == picture


def test_a_picture_with_a_wrong_content_encoding_is_read_unchanged() -> None:
    """An uncompressed picture with a Content-Encoding header is read as it is."""
    for encoding in ["gzip", "deflate", "gzip, deflate", "deflate, gzip", "br"]:
        for format_ in ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "ICO", "JPEG2000"]:
            picture = saved(photo_like(64, 48), format_)
            assert read_all(picture, encoding, piece=1) == picture


@given(st.binary(max_size=5000), st.integers(1, 3000))
def test_bytes_can_arrive_in_any_pieces(data: bytes, piece: int) -> None:
    """Whatever pieces arrive, the decompressed bytes are right."""
    assert read_all(gzip.compress(data), "gzip", piece) == data
    assert read_all(gzip.compress(gzip.compress(data)), "gzip, gzip", piece) == data


def test_a_thousand_encodings_are_handled() -> None:
    """A header of maximal length neither fails nor recurses; encodings beyond the maximum stay compressed."""
    header = ",".join(["gzip"] * 1600)  # S3's maximum
    assert read_all(PICTURE, header) == PICTURE
    assert read_all(gzip.compress(PICTURE), header) == PICTURE
    stored = b"picture"
    for _ in range(1100):
        stored = gzip.compress(stored)
    assert read_all(stored, header).startswith(b"\x1f\x8b")


def test_a_bomb_is_decompressed_block_by_block() -> None:
    """A gzip bomb gives one block at a time, and only as it is read."""
    pieces = decompressed(iter([gzip.compress(bytes(50_000_000))]), "gzip", "s3://photos/cat.jpg")
    assert next(pieces) == bytes(BLOCK)


def test_the_limit_counts_decompressed_bytes() -> None:
    """A small object is rejected if its decompressed bytes exceed the limit."""

    with rejects(Reason.TOO_MANY_BYTES):
        read_all(gzip.compress(bytes(LIMIT + 1)), "gzip")


def test_an_incomplete_download_is_retried() -> None:
    """A compressed body shorter than its Content-Length is a retryable error, not a damaged picture."""
    stored = gzip.compress(PICTURE)
    with pytest.raises(StorageError, match=r"s3://photos/cat.jpg ended 9 bytes early"):
        read_all(stored[:-9], "gzip", size=len(stored))


def test_a_truncated_object_gives_what_is_there() -> None:
    """If the stored object is truncated, its bytes are returned and the decoder notices."""
    stored = gzip.compress(PICTURE)[:-20]
    assert PICTURE.startswith(read_all(stored, "gzip"))


def test_damaged_compression_is_named() -> None:
    """The rejection says that the object cannot be decompressed."""
    stored = bytearray(gzip.compress(PICTURE))
    stored[500:600] = bytes(100)
    with rejects(Reason.CORRUPT) as rejection:
        read_all(bytes(stored), "gzip")
    assert "s3://photos/cat.jpg cannot be decompressed as its Content-Encoding says" in rejection.value.detail


def test_too_many_empty_parts_are_rejected() -> None:
    """Empty gzip members cost time without reaching the limit on bytes, so their number is limited."""
    with rejects(Reason.CORRUPT):
        read_all(gzip.compress(b"") * (MAX_PARTS + 1), "gzip")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_compressed_picture_is_resized(s3: Any, format_: str) -> None:
    """The renditions show the picture, and have no Content-Encoding."""
    stored = gzip.compress(saved(photo_like(900, 600), format_))
    s3.put_object(Bucket=BUCKET, Key="cat", Body=stored, ContentEncoding="gzip", CacheControl="max-age=60")
    report = process(SourceObject(BUCKET, "cat", size=len(stored)), Settings(defaults=Rule.of_widths((480,))), s3)
    assert report.outcome is Outcome.RESIZED, report.detail
    answer = s3.get_object(Bucket=BUCKET, Key=report.renditions[0].plan.key)
    assert "ContentEncoding" not in answer
    assert answer["CacheControl"] == "max-age=60"
    assert psnr(opened(answer["Body"].read()), photo_like(900, 600).resize((480, 320))) > 25


def test_an_unsupported_encoding_is_named(s3: Any) -> None:
    """Bytes that are no image are rejected with the unsupported Content-Encoding; an image is resized."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"\x1b\xff\xff compressed", ContentEncoding="br")
    report = process(SourceObject(BUCKET, "cat.jpg"), Settings(), s3)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.UNSUPPORTED_ENCODING)
    assert "Content-Encoding: br" in str(report.detail)
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(60, 40)), ContentEncoding="br")
    assert process(SourceObject(BUCKET, "cat.jpg"), Settings(), s3).outcome is Outcome.RESIZED
