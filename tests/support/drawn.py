"""Draws sources, and what their renditions must look like."""

import struct
import zlib

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageDraw

from tests.support.forged import chunk


def expected(picture: Image.Image) -> Image.Image:
    """The picture at 480 pixels by one Lanczos step."""
    return picture.resize((480, round(480 * picture.height / picture.width)), Image.Resampling.LANCZOS)


def sixteen_bit_rgb_png(picture: Image.Image) -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write."""
    samples = (np.asarray(picture).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND")


def sixteen_bits(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)


def disc(mode: str) -> Image.Image:
    """A light disc on a transparent background, whose hidden colour is black."""
    image = Image.new("RGBA", (800, 800), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((100, 100, 700, 700), fill=(240, 240, 240, 255))
    return image.convert(mode) if mode != "P" else image.quantize(16)


def tagged_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada Lovelace"
    exif[ExifTags.Base.Copyright] = "(c) 2026 Ada"
    exif[ExifTags.Base.Make] = "Camera & Co"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 12.0)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"secret serial number"
    return exif


def profile_like(gamma: float) -> bytes:
    """A colour profile with sRGB's primaries and another gamma, like a calibrated monitor's.

    It is littlecms's sRGB with its three tone curves replaced by one gamma (ICC.1:2022, 10.18).
    """
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    for number in range(count):
        at = 132 + 12 * number
        name, offset = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "big")
        if name in {b"rTRC", b"gTRC", b"bTRC"}:
            data[offset : offset + 14] = b"curv\0\0\0\0\0\0\0\x01" + round(gamma * 256).to_bytes(2, "big")
    return bytes(data)


def delta_e(one: Image.Image, other: Image.Image) -> float:
    """The mean distance of two sRGB pictures' colours in CIELAB (CIE 1976)."""
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    labs = [np.asarray(ImageCms.applyTransform(each.convert("RGB"), to_lab)).astype(float) for each in (one, other)]
    for lab in labs:
        lab[..., 0] *= 100 / 255
        lab[..., 1:] = (lab[..., 1:] + 128) % 256
    return float(np.sqrt(((labs[0] - labs[1]) ** 2).sum(axis=-1)).mean())
