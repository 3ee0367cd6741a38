"""Damaged and cut files end in a picture or in a typed rejection."""

import io
from typing import IO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Reason, Rejected, StorageError
from tests.conftest import Download, rejects
from tests.support.decoding import FORMATS, LIMITS, PICTURE, pixels_of
from tests.support.pictures import noise, opened, saved
from tests.support.plans import of_widths
from tests.support.streams import stream_of

FILES = {
    "JPEG": saved(PICTURE),
    "progressive JPEG": saved(PICTURE, progressive=True),
    "PNG": saved(PICTURE, "PNG"),
    "animated PNG": saved(PICTURE, "PNG", save_all=True, append_images=[noise(60, 40)]),
    "WebP": saved(PICTURE, "WEBP"),
    "animated WebP": saved(PICTURE, "WEBP", save_all=True, append_images=[noise(60, 40)]),
    "GIF": saved(PICTURE, "GIF"),
    "animated GIF": saved(PICTURE, "GIF", save_all=True, append_images=[noise(60, 40)]),
    "TIFF": saved(PICTURE, "TIFF"),
    "LZW TIFF": saved(PICTURE, "TIFF", compression="tiff_lzw"),
    "BMP": saved(PICTURE, "BMP"),
    "palette BMP": saved(PICTURE.convert("P"), "BMP"),
}


@pytest.mark.parametrize("name", ["JPEG", "progressive JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_cut_image_is_truncated(name: str, kept: float) -> None:
    """A file that ends before its last pixel is `truncated`, never a picture with a grey bottom."""
    with rejects(Reason.TRUNCATED):
        pixels_of(FILES[name][: int(kept * len(FILES[name]))])


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_cut_compressed_tiff_is_rejected(kept: float) -> None:
    """A cut LZW TIFF is truncated or corrupt: libtiff cannot tell one from the other."""
    data = FILES["LZW TIFF"]
    with rejects(Reason.TRUNCATED, Reason.CORRUPT):
        pixels_of(data[: int(kept * len(data))])


@settings(max_examples=400, derandomize=True)
@given(
    name=st.sampled_from(sorted(FILES)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5),
    kept=st.just(1.0) | st.floats(0.01, 1),
)
@pytest.mark.filterwarnings("ignore")  # Pillow warns about damaged files
def test_damage_gives_a_picture_or_a_rejection(name: str, changes: list[tuple[float, int]], kept: float) -> None:
    """A damaged file gives pixels that can be resized, or a rejection, never another error."""
    small = Limits(max_pixels=1_000_000, memory=None, planned=of_widths(1000), file_size=0)
    data = bytearray(FILES[name])
    for place, value in changes:
        data[int(place**3 * len(data))] = value  # mostly near the start, where the header is
    try:
        frames = list(decode(*open_image(io.BytesIO(data[: int(kept * len(data))]), small), (1000, 1)))
    except Rejected:
        return
    assert frames
    assert {frame.pixels.mode for frame in frames} <= {"L", "RGB", "RGBA", "CMYK"}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("piece", [None, 5000])
def test_a_released_stream_gives_the_same_pixels(format_: str, piece: int | None) -> None:
    """A stream that releases the bytes already read gives the same pixels as a file."""
    data = saved(noise(300, 200), format_)
    stream = stream_of(Download(data, piece=piece), len(data))
    image, known = open_image(cast("IO[bytes]", stream), LIMITS)
    (frame,) = decode(image, known, (1000, 1))
    pixels = frame.pixels
    stream.check()
    assert pixels.tobytes() == opened(data).convert(pixels.mode).tobytes()


@pytest.mark.parametrize("format_", FORMATS)
def test_an_interrupted_download_is_not_the_images_fault(format_: str) -> None:
    """An interruption while decoding is raised as such, or remembered by the stream if the decoder hides it."""
    data = saved(noise(300, 200), format_)
    body = Download(data[: len(data) // 2], problem=ConnectionResetError("Connection reset by peer"))
    stream = stream_of(body, len(data))
    with pytest.raises((StorageError, Rejected)):
        list(decode(*open_image(cast("IO[bytes]", stream), LIMITS), (1000, 1)))
    with pytest.raises(StorageError):
        stream.check()
