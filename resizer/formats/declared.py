"""What a file declares up front, for formats whose decoder would read all of it before telling."""

from __future__ import annotations

from typing import Final

CONFIGURATION: Final = b"av1C\x81"
HIGH_BIT_DEPTH, MONOCHROME, SUBSAMPLED = 0x40, 0x10, 0x0C  # bits of an AV1 codec configuration
SAMPLES: Final = {0x00: 3.0, 0x08: 2.0, 0x04: 3.0, 0x0C: 1.5}  # for each pixel, by its subsampling across and down
AHEAD: Final = 65_536  # where encoders put the properties of an AVIF or HEIC, and what one read fetches


def declared_size(format_: str, start: bytes) -> tuple[int, int] | None:
    """Width and height in pixels by the first bytes of an AVIF or HEIC; None where they do not say.

    From ISO/IEC 23008-12, 6.5.3 (`ispe`).
    """
    return _largest_ispe(start) if format_ in {"AVIF", "HEIF"} else None


def _largest_ispe(start: bytes) -> tuple[int, int] | None:
    """The spatial extents of the largest item: the image itself, beside thumbnails and tiles."""
    sizes = []
    at = start.find(b"ispe")
    while at != -1:
        sizes.append((int.from_bytes(start[at + 8 : at + 12], "big"), int.from_bytes(start[at + 12 : at + 16], "big")))
        at = start.find(b"ispe", at + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def declared_samples(start: bytes) -> tuple[str, float | None]:
    """The mode that an AVIF is decoded to, and the bytes that its samples take per pixel, by the file's first bytes.

    From its AV1 codec configurations (AV1 in ISOBMFF, 2.3.3): one for the picture, and one more for its transparency,
    or the same. The picture's samples count twice, for so they are held where film grain is added, of which only the
    picture's own data tells. RGBA and None where there are none.
    """
    samples, deep, kinds = 0.0, False, set[bytes]()
    at = start.find(CONFIGURATION)
    while at != -1 and at + 7 <= len(start):
        coding = start[at + 6]
        kinds.add(start[at + 5 : at + 7])
        deep |= bool(coding & HIGH_BIT_DEPTH)
        samples = max(samples, 1 if coding & MONOCHROME else SAMPLES[coding & SUBSAMPLED])
        at = start.find(CONFIGURATION, at + 4)
    if not kinds:
        return "RGBA", None
    alpha = 1 if len(kinds) > 1 else samples if b"auxC" in start else 0
    mode = "RGBA" if alpha else "L" if samples == 1 else "RGB"
    return mode, (2 * samples + alpha) * (2 if deep else 1)
