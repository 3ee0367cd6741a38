"""A JPEG is complete if it has all its pixels, with or without an end marker."""

import io
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Reason, Rejected
from tests.support.forged import segment
from tests.support.pictures import noise, opened, photo_like, psnr, saved
from tests.support.plans import of_widths

END = b"\xff\xd9"
PICTURE = photo_like(123, 91)  # not a multiple of the block size
PICTURES = {
    "photo": PICTURE,
    "grey": PICTURE.convert("L"),
    "CMYK": PICTURE.convert("CMYK"),
    "white": Image.new("RGB", PICTURE.size, "white"),
    "noise": noise(60, 40),
    "one pixel": noise(1, 1),
}
CODINGS: dict[str, dict[str, Any]] = {
    "4:2:0": {},
    "4:2:2": {"subsampling": "4:2:2"},
    "4:4:4": {"subsampling": "4:4:4", "quality": 95},
    "own tables": {"optimize": True},
    "progressive": {"progressive": True},
    "progressive 4:4:4": {"progressive": True, "subsampling": "4:4:4"},
    "restarts": {"restart_marker_rows": 1},
    "restarts often": {"restart_marker_blocks": 2},
    "progressive with restarts": {"progressive": True, "restart_marker_rows": 1},
    "progressive with restarts often": {"progressive": True, "restart_marker_blocks": 2},
}
SEVERAL_SCANS = [name for name, options in CODINGS.items() if "progressive" in options]
SEEDS = Path(__file__).parents[2] / "fuzz" / "seeds"


def pixels_of(data: bytes, wanted: tuple[int, int] = (1000, 1000)) -> Image.Image:
    """The picture as decoded for a rendition of the wanted size."""
    limits = Limits(max_pixels=10**7, memory=None, planned=of_widths(1000), file_size=len(data))
    image, header = open_image(io.BytesIO(data), limits)
    (frame,) = decode(image, header, wanted)
    return frame.pixels


def reason_of(data: bytes) -> Reason | None:
    """Why a file is rejected; None if it is decoded."""
    try:
        pixels_of(data)
    except Rejected as rejection:
        return rejection.reason
    return None


def scans_of(data: bytes) -> bytes:
    """A JPEG from its first scan header to its end marker."""
    assert data.endswith(END)
    return data[data.index(b"\xff\xda") : -2]


@pytest.mark.parametrize("coding", CODINGS)
def test_the_end_marker_may_be_missing(coding: str) -> None:
    """The pixels are the same without an end marker, with half of one, and with anything after it."""
    for name, picture in PICTURES.items():
        data = saved(picture, **CODINGS[coding])
        expected = opened(data).tobytes()
        after = (b"garbage" * 20_000, data, bytes(100))
        for end in (
            b"",
            b"\xff",
            bytes(100),
            b"\xff\xff" + END,
            segment(0xFE, b"!") + END,
            *(END + each for each in after),
        ):
            assert pixels_of(data[:-2] + end).tobytes() == expected, (name, end[:8])


@pytest.mark.parametrize("name", ["4-4-0", "4-1-1", "4-1-0", "three-scans", "rgb"])
def test_other_codings_need_no_end_marker_either(name: str) -> None:
    """A JPEG of another encoder is decoded without an end marker, and truncated without a third of its bytes."""
    data = (SEEDS / f"{name}.jpg").read_bytes()
    assert pixels_of(data[:-2]).tobytes() == opened(data).tobytes()
    missing = data[: -len(scans_of(data)) // 3]
    assert {reason_of(missing), reason_of(missing + END)} == {Reason.TRUNCATED}


@pytest.mark.parametrize("name", ["arithmetic", "arithmetic-progressive"])
def test_arithmetic_coding_needs_its_end_marker(name: str) -> None:
    """Arithmetic encoders may leave out zeros at the end, so only the marker shows that a file is complete."""
    data = (SEEDS / f"{name}.jpg").read_bytes()
    assert reason_of(data) is None
    for cut in (2, 3, 100, len(data) // 2):
        assert reason_of(data[:-cut]) is Reason.TRUNCATED


def test_a_scaled_picture_needs_no_end_marker_either() -> None:
    """A picture without an end marker is also the same when decoded at 1/2, 1/4 or 1/8."""
    for options in (CODINGS["4:2:0"], CODINGS["progressive"]):
        data = saved(photo_like(800, 600), **options)
        for width in (50, 100, 200):
            whole = pixels_of(data, (width, width * 3 // 4))
            assert whole.width in {100, 200, 400}
            assert pixels_of(data[:-2], (width, width * 3 // 4)).tobytes() == whole.tobytes()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("picture", ["photo", "grey", "CMYK", "noise"])
def test_missing_pixels_are_truncated(picture: str, coding: str) -> None:
    """A file cut anywhere is truncated, even with an end marker after the cut, and never gets a grey bottom.

    There are two exceptions. The last 100 bytes are not tried: in noise they may be a few blocks. And a file in several
    scans may end after any of them if an end marker follows: it is the whole picture, only less sharp. Such a file is
    `corrupt` if the cut is within a table between two scans.
    """
    data = saved(PICTURES[picture], **CODINGS[coding])
    scans = scans_of(data)
    head, whole = data[: -2 - len(scans)], opened(data)
    for cut, end in zip(
        range(0, len(scans) - 100, 19), cycle([b"", END, b"\xff", END + b"garbage" * 20]), strict=False
    ):
        damaged = head + scans[:cut] + end
        reason = reason_of(damaged)
        if reason is None:
            assert coding in SEVERAL_SCANS, cut
            assert end.startswith(END), cut
            assert psnr(pixels_of(damaged).convert("RGB"), whole.convert("RGB")) > 8, cut
        else:
            assert reason is Reason.TRUNCATED or (reason is Reason.CORRUPT and end and coding in SEVERAL_SCANS), cut


def test_a_cut_at_a_restart_marker_is_truncated() -> None:
    """A file that ends at, within or after a restart marker is truncated, although no block is cut."""
    for options in (CODINGS["4:2:0"], CODINGS["progressive"]):
        data = saved(PICTURE, restart_marker_rows=1, **options)
        last = data.rindex(b"\xff\xda")
        places = [n for n in range(last, len(data) - 2) if data[n] == 0xFF and data[n + 1] in range(0xD0, 0xD8)]
        assert len(places) == (11 if options else 5)
        for place in places:
            for end in (place, place + 1, place + 2):
                assert reason_of(data[:end]) is Reason.TRUNCATED
                assert reason_of(data[:end] + END) is Reason.TRUNCATED


def test_a_picture_without_one_of_its_colours_is_truncated() -> None:
    """If each component has its own scan, all must be there, even before an end marker."""
    data = (SEEDS / "three-scans.jpg").read_bytes()
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    third = data.index(b"\xff\xda", second + 2)
    for scan in (second, third):
        assert reason_of(data[:scan]) is Reason.TRUNCATED
        assert reason_of(data[:scan] + END) is Reason.TRUNCATED


def test_end_markers_before_the_picture_do_not_count() -> None:
    """EXIF and any other segment may hold a whole JPEG."""
    data, thumbnail = saved(PICTURE), saved(PICTURE.resize((16, 12)))
    for before in (segment(0xE1, b"Exif\0\0" + thumbnail), segment(0xFE, thumbnail), segment(0xE5, END * 100)):
        both = data[:2] + before + data[2:]
        assert pixels_of(both).tobytes() == opened(data).tobytes()
        assert reason_of(both[:-400] + END) is Reason.TRUNCATED


def test_end_markers_within_later_segments_do_not_count() -> None:
    """Comments between the scans of a progressive picture may hold anything."""
    data = saved(PICTURE, progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    both = data[:second] + segment(0xFE, END + b"\xff\xda\0\x08\1" * 200) + data[second:]
    assert pixels_of(both).tobytes() == opened(data).tobytes()


def test_the_first_of_several_pictures_must_be_whole() -> None:
    """The second picture of an MPO does not complete the first."""
    both = saved(PICTURE, "MPO", save_all=True, append_images=[PICTURE])
    first = both.index(b"\xff\xd8\xff", 2)
    assert pixels_of(both).tobytes() == opened(saved(PICTURE)).tobytes()
    assert reason_of(both[: first - 300] + END + both[first:]) is Reason.TRUNCATED


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_markers_may_be_cut_in_two(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All markers are found, however few bytes are read at once."""
    monkeypatch.setattr("resizer.formats.jpeg_segments.PIECE", piece)
    for name, options in CODINGS.items():
        data = saved(photo_like(40, 30), **options)
        assert pixels_of(data).tobytes() == opened(data).tobytes(), name
        assert pixels_of(data[:-2]).tobytes() == opened(data).tobytes(), name
        assert reason_of(data[:-100] + END) is Reason.TRUNCATED, name


def test_damage_in_the_middle_is_a_picture_or_a_rejection() -> None:
    """A hole of zeros is refused if blocks are missing at the end, and otherwise decoded as in browsers."""
    reasons = set()
    for options in CODINGS.values():
        data = saved(photo_like(400, 300), **options)
        first = data.index(b"\xff\xda") + 14
        for place in range(first, len(data) - 300, 1000):
            reasons.add(reason_of(data[:place] + bytes(200) + data[place + 200 :]))
    assert reasons <= {None, Reason.TRUNCATED, Reason.CORRUPT}
    assert Reason.TRUNCATED in reasons
