"""A picture that is stored compressed is read as the picture that it is, within the limit on its bytes."""

from __future__ import annotations

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
    """What a picture that is stored under this `Content-Encoding` reads as."""

    class S3:
        def get_object(self, **_: Any) -> dict[str, Any]:
            told = {} if encoding is None else {"ContentEncoding": encoding}
            body = Download(stored, piece=piece)
            return {"Body": body, "ContentLength": size or len(stored), "ETag": '"0"', **told}

    with open_source(S3(), SourceObject(BUCKET, "cat.jpg"), LIMIT) as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("encoding", "stored"),
    [
        ("gzip", gzip.compress(PICTURE)),
        ("x-gzip", gzip.compress(PICTURE)),
        ("GZIP", gzip.compress(PICTURE)),
        ("gzip", gzip.compress(PICTURE[:50_000]) + gzip.compress(b"") + gzip.compress(PICTURE[50_000:])),
        ("gzip", gzip.compress(PICTURE) + bytes(512)),
        ("deflate", zlib.compress(PICTURE)),
        ("deflate", zlib.compress(PICTURE, wbits=-zlib.MAX_WBITS)),  # without zlib's header, as some programs write it
        ("deflate, gzip", gzip.compress(zlib.compress(PICTURE))),
        ("gzip,aws-chunked", gzip.compress(PICTURE)),
        ("aws-chunked", PICTURE),
        ("identity", PICTURE),
        ("", PICTURE),
        (None, PICTURE),
    ],
)
@pytest.mark.parametrize("piece", [None, 1000])
def test_what_is_compressed_is_decompressed(encoding: str | None, stored: bytes, piece: int | None) -> None:
    """Whatever the header says, in as many parts as it is stored, it reads as what was compressed."""
    assert read_all(stored, encoding, piece) == PICTURE


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, deflate", "deflate, gzip", "br"])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "ICO", "JPEG2000"])
def test_a_picture_that_only_claims_to_be_compressed_is_read_as_it_is(encoding: str, format_: str) -> None:
    """Somebody's header is wrong and the picture is right: it is shown."""
    picture = saved(photo_like(64, 48), format_)
    assert read_all(picture, encoding, piece=1) == picture


@given(st.binary(max_size=5000), st.integers(1, 3000))
def test_any_bytes_come_in_any_pieces(data: bytes, piece: int) -> None:
    """However the network cuts the bytes, none is lost."""
    assert read_all(gzip.compress(data), "gzip", piece) == data
    assert read_all(gzip.compress(gzip.compress(data)), "gzip, gzip", piece) == data


def test_a_thousand_encodings_are_no_fault_of_ours() -> None:
    """A header of any length is read: the picture is shown, or is what its last encodings leave of it."""
    header = ",".join(["gzip"] * 1600)  # as long as S3 allows
    assert read_all(PICTURE, header) == PICTURE
    assert read_all(gzip.compress(PICTURE), header) == PICTURE
    stored = b"picture"
    for _ in range(1100):
        stored = gzip.compress(stored)
    assert read_all(stored, header).startswith(b"\x1f\x8b")


def test_a_bomb_takes_no_more_than_what_is_asked_for() -> None:
    """A thousand times its size comes out of it, but a block at a time, and only as it is read."""
    pieces = decompressed(iter([gzip.compress(bytes(50_000_000))]), "gzip", "s3://photos/cat.jpg")
    assert next(pieces) == bytes(BLOCK)


def test_the_limit_counts_what_comes_out() -> None:
    """An object within the limit is rejected where more than that comes out of it."""

    with rejects(Reason.TOO_MANY_BYTES):
        read_all(gzip.compress(bytes(LIMIT + 1)), "gzip")


def test_a_download_that_ends_early_is_interrupted() -> None:
    """It is no damaged picture: it is downloaded again."""
    stored = gzip.compress(PICTURE)
    with pytest.raises(StorageError, match=r"s3://photos/cat.jpg ended 9 bytes early"):
        read_all(stored[:-9], "gzip", size=len(stored))


def test_an_object_that_was_stored_in_part_ends_early() -> None:
    """What is there is given out, and the picture's own decoder says that the rest is missing."""
    stored = gzip.compress(PICTURE)[:-20]
    assert PICTURE.startswith(read_all(stored, "gzip"))


def test_damage_is_named() -> None:
    """The rejection says that it is the compression that is damaged."""
    stored = bytearray(gzip.compress(PICTURE))
    stored[500:600] = bytes(100)
    with rejects(Reason.CORRUPT) as rejection:
        read_all(bytes(stored), "gzip")
    assert "s3://photos/cat.jpg cannot be decompressed as its Content-Encoding says" in rejection.value.detail


def test_a_file_of_empty_parts_is_rejected() -> None:
    """Parts without content would cost time and never reach the limit on bytes."""
    with rejects(Reason.CORRUPT):
        read_all(gzip.compress(b"") * (MAX_PARTS + 1), "gzip")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_compressed_picture_is_resized(s3: Any, format_: str) -> None:
    """Its renditions show the picture, and are not stored as compressed themselves."""
    stored = gzip.compress(saved(photo_like(900, 600), format_))
    s3.put_object(Bucket=BUCKET, Key="cat", Body=stored, ContentEncoding="gzip", CacheControl="max-age=60")
    report = process(SourceObject(BUCKET, "cat", size=len(stored)), Settings(defaults=Rule.of_widths((480,))), s3)
    assert report.outcome is Outcome.RESIZED, report.detail
    answer = s3.get_object(Bucket=BUCKET, Key=report.renditions[0].plan.key)
    assert "ContentEncoding" not in answer
    assert answer["CacheControl"] == "max-age=60"
    assert psnr(opened(answer["Body"].read()), photo_like(900, 600).resize((480, 320))) > 25


def test_an_encoding_that_is_not_supported_is_named(s3: Any) -> None:
    """What looks like no image is explained by the header that it was uploaded with."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"\x1b\xff\xff compressed", ContentEncoding="br")
    report = process(SourceObject(BUCKET, "cat.jpg"), Settings(), s3)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.UNSUPPORTED_ENCODING)
    assert "Content-Encoding: br" in str(report.detail)
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(60, 40)), ContentEncoding="br")
    assert process(SourceObject(BUCKET, "cat.jpg"), Settings(), s3).outcome is Outcome.RESIZED
