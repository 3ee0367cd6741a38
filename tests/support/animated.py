"""Builds animations sample by sample, and composes what their frames must look like, independently and in floats."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tests.support.forged import chunk

if TYPE_CHECKING:
    Samples = NDArray[np.int64]  # rows, columns, channels

KEEP, CLEAR, RESTORE = range(3)
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG's colour types
# Start and step of each pass of an interlaced PNG, across and down (PNG specification, 8.1).
ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One frame: RGBA from 0 to 1, its place, its disposal, and whether it is blended over the canvas."""

    rgba: NDArray[np.float64]
    place: tuple[int, int] = (0, 0)
    disposal: int = KEEP
    over: bool = False


def composed(frames: Sequence[Drawn], size: tuple[int, int]) -> list[NDArray[np.float64]]:
    """Each picture that is shown, premultiplied, from 0 to 255. Frames are clipped at the picture's edges."""
    canvas, shown = np.zeros((size[1], size[0], 4)), []
    for frame in frames:
        left, top = frame.place
        before = canvas.copy()
        place = (slice(top, top + frame.rgba.shape[0]), slice(left, left + frame.rgba.shape[1]))
        below = canvas[place]
        new = frame.rgba[: below.shape[0], : below.shape[1]]
        new = np.dstack([new[..., :3] * new[..., 3:], new[..., 3]])
        canvas[place] = new + below * (1 - new[..., 3:]) if frame.over else new
        shown.append(canvas * 255)
        canvas = canvas.copy()
        if frame.disposal == CLEAR:
            canvas[place] = 0
        elif frame.disposal == RESTORE:
            canvas = before
    return shown


@dataclass(frozen=True, slots=True)
class PngKind:
    """A PNG's colour type, bits a sample, palette, and content of its tRNS."""

    colour: int
    depth: int
    palette: bytes = b""
    transparent: bytes = b""
    interlaced: int = 0

    @property
    def chunks(self) -> bytes:
        """The chunks between IHDR and the pixels."""
        body = chunk(b"PLTE", self.palette) if self.palette else b""
        return body + (chunk(b"tRNS", self.transparent) if self.transparent else b"")

    def random(self, width: int, height: int, seed: int) -> Samples:
        """Random samples, the transparent one among them."""
        dice = np.random.default_rng(seed)
        highest = len(self.palette) // 3 if self.palette else 1 << self.depth
        samples = dice.integers(0, highest, (height, width, CHANNELS[self.colour]))
        if self.transparent and self.colour != 3:
            key = np.frombuffer(self.transparent, ">u2").astype(np.int64)
            samples[dice.random((height, width)) < 0.3] = key
            samples[dice.random((height, width)) < 0.3] = key ^ 1  # nearly the same, but opaque
        return samples

    def rgba(self, samples: Samples) -> NDArray[np.float64]:
        """The samples as RGBA from 0 to 1. Only the upper 8 of 16 bits count, as in browsers."""
        if self.colour == 3:
            colours = np.frombuffer(self.palette, np.uint8).reshape(-1, 3)
            alphas = np.frombuffer(self.transparent.ljust(len(colours), b"\xff"), np.uint8)
            table = np.column_stack([colours, alphas]) / 255
            return np.asarray(table[samples[..., 0]])
        depth = min(self.depth, 8)
        values = (samples >> self.depth - depth) / ((1 << depth) - 1)
        rgb = np.repeat(values[..., :1], 3, 2) if self.colour in {0, 4} else values[..., :3]
        alpha = values[..., -1] if self.colour in {4, 6} else np.ones(samples.shape[:2])
        if self.transparent:
            alpha = (samples != np.frombuffer(self.transparent, ">u2")).any(2).astype(float)
        return np.dstack([rgb, alpha])

    def deflated(self, samples: Samples) -> bytes:
        """The samples as a PNG stores them."""
        passes = [samples]
        if self.interlaced:
            passes = [samples[top::down, left::across] for left, top, across, down in ADAM7]
        return zlib.compress(b"".join(b"\0" + self._packed(row) for each in passes if each.size for row in each))

    def _packed(self, row: Samples) -> bytes:
        if self.depth == 16:
            return row.astype(">u2").tobytes()
        bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - self.depth :]
        return np.packbits(bits).tobytes()

    def head(self, width: int, height: int) -> bytes:
        """The signature and the size."""
        size = struct.pack(">IIBBBBB", width, height, self.depth, self.colour, 0, 0, self.interlaced)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)


class Apng:
    """An animated PNG, built chunk by chunk."""

    def __init__(self, kind: PngKind, size: tuple[int, int], announced: int, plays: int = 0) -> None:
        self.kind, self.size, self._number = kind, size, 0
        self.chunks = [kind.head(*size), kind.chunks, chunk(b"acTL", struct.pack(">II", announced, plays))]

    def control(self, drawn: Drawn, **other: int) -> Apng:
        """Add an fcTL for a frame; `other` replaces its fields."""
        height, width = drawn.rgba.shape[:2]
        fields = {
            "number": self._number, "width": width, "height": height, "left": drawn.place[0], "top": drawn.place[1],
            "delay": 1, "parts": 10, "disposal": drawn.disposal, "blend": int(drawn.over),
        } | other  # fmt: skip
        self._number += 1
        self.chunks.append(chunk(b"fcTL", struct.pack(">5I2H2B", *fields.values())))
        return self

    def pixels(self, deflated: bytes, *, first: bool = False, pieces: int = 1) -> Apng:
        """Add a picture's rows, as IDATs if it is the default image, else as fdATs."""
        size = -(-len(deflated) // pieces)
        for at in range(0, len(deflated), size):
            piece = deflated[at : at + size]
            if first:
                self.chunks.append(chunk(b"IDAT", piece))
            else:
                self.chunks.append(chunk(b"fdAT", struct.pack(">I", self._number) + piece))
                self._number += 1
        return self

    def file(self) -> bytes:
        """The whole file."""
        return b"".join([*self.chunks, chunk(b"IEND")])


def lzw(indices: NDArray[np.int64], code_size: int = 8) -> bytes:
    """A GIF's pixels. The table is cleared before codes become longer, so each pixel is one code."""
    clear, width = 1 << code_size, code_size + 1
    codes = list[int]()
    for at in range(0, indices.size, clear - 2):
        codes += [clear, *indices.ravel()[at : at + clear - 2].tolist()]
    codes.append(clear + 1)
    bits = sum(code << number * width for number, code in enumerate(codes))
    body = bits.to_bytes(-(-len(codes) * width // 8), "little")
    blocks = b"".join(bytes([len(piece)]) + piece for at in range(0, len(body), 255) if (piece := body[at : at + 255]))
    return bytes([code_size]) + blocks + b"\0"
