"""Draws images in every format and mode, in several sizes."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

ImageKind = tuple[str, str, str, dict[str, Any]]  # name, mode, format, and the encoder's options

KINDS: Final[tuple[ImageKind, ...]] = (
    ("JPEG", "RGB", "JPEG", {}),
    ("JPEG gray", "L", "JPEG", {}),
    ("JPEG CMYK", "CMYK", "JPEG", {}),
    ("JPEG progressive", "RGB", "JPEG", {"progressive": True}),
    ("JPEG progressive 444", "RGB", "JPEG", {"progressive": True, "subsampling": "4:4:4", "quality": 95}),
    ("PNG", "RGB", "PNG", {"compress_level": 1}),
    ("PNG alpha", "RGBA", "PNG", {"compress_level": 1}),
    ("PNG gray", "L", "PNG", {"compress_level": 1}),
    ("PNG gray alpha", "LA", "PNG", {"compress_level": 1}),
    ("PNG palette", "P", "PNG", {"compress_level": 1}),
    ("PNG 1 bit", "1", "PNG", {}),
    ("PNG transparent colour", "RGB", "PNG", {"compress_level": 1, "transparency": (1, 2, 3)}),
    ("PNG transparent gray", "L", "PNG", {"compress_level": 1, "transparency": 3}),
    ("PNG transparent bit", "1", "PNG", {"transparency": 1}),
    ("PNG 16 bit", "I;16", "PNG", {"compress_level": 1}),
    ("WebP", "RGB", "WEBP", {"method": 0}),
    ("WebP lossless alpha", "RGBA", "WEBP", {"lossless": True, "method": 0, "quality": 0}),
    ("GIF", "P", "GIF", {}),
    ("TIFF", "RGB", "TIFF", {}),
    ("TIFF deflate", "RGB", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("TIFF LZW alpha", "RGBA", "TIFF", {"compression": "tiff_lzw"}),
    ("TIFF in one strip", "RGB", "TIFF", {"compression": "tiff_lzw", "strip_size": 1 << 30}),
    ("TIFF turned", "RGB", "TIFF", {"compression": "tiff_adobe_deflate", "strip_size": 1 << 30, "tiffinfo": {274: 6}}),
    ("TIFF fax", "1", "TIFF", {"compression": "group4", "strip_size": 1 << 30}),
    ("TIFF CMYK", "CMYK", "TIFF", {}),
    ("TIFF float", "F", "TIFF", {}),
    ("BMP", "RGB", "BMP", {}),
    ("AVIF", "RGB", "AVIF", {"speed": 10}),
    ("AVIF 444", "RGB", "AVIF", {"speed": 10, "subsampling": "4:4:4"}),
    ("AVIF alpha", "RGBA", "AVIF", {"speed": 10}),
    ("AVIF grain", "RGB", "AVIF", {"codec": "aom", "speed": 9, "advanced": {"film-grain-test": "2"}}),
    ("AVIF gray alpha", "RGBA", "AVIF", {"speed": 10, "subsampling": "4:0:0"}),
    ("AVIF gray", "L", "AVIF", {"speed": 10, "subsampling": "4:0:0"}),
    ("JPEG 2000", "RGB", "JPEG2000", {}),
    ("JPEG 2000 alpha", "RGBA", "JPEG2000", {}),
    ("JPEG 2000 gray", "L", "JPEG2000", {}),
    ("JPEG 2000 gray tiles", "L", "JPEG2000", {"tile_size": (256, 256)}),
    ("JPEG 2000 16 bit", "I;16", "JPEG2000", {}),
    ("HEIC", "RGB", "HEIF", {}),
    ("HEIC tiles", "RGB", "HEIF", {"tile_size": 512}),
    ("HEIC alpha", "RGBA", "HEIF", {}),
    ("HEIC gray", "L", "HEIF", {}),
    ("HEIC 422 10 bit", "RGB", "HEIF", {"bits": 10, "chroma": 422}),
    ("HEIC 444 10 bit", "RGB", "HEIF", {"bits": 10, "chroma": 444}),
    ("HEIC 444 10 bit alpha", "RGBA", "HEIF", {"bits": 10, "chroma": 444}),
)

# Noise of these kinds is resized to large widths.
WIDE_WIDTHS: Final = (4000, 3500, 3000, 2500, 2000, 1500)
WIDE_KINDS: Final = tuple(each for each in KINDS if each[0] in {"JPEG", "PNG", "PNG alpha", "PNG gray", "GIF", "WebP"})


def drawn_images(folder: Path) -> Iterator[Path]:
    """Files in every format and mode, of 1, 6 and 24 megapixels, and animations."""
    for megapixels in (1, 6, 24):
        for kind in KINDS:
            yield drawn_image(kind, megapixels, folder)
    for frames in (10, 40):
        yield from drawn_animations(frames, folder)


def drawn_noise(kind: ImageKind, width: int, height: int, folder: Path) -> Path:
    """A file of noise, which no encoder can compress well."""
    name, mode, format_, options = kind
    path = folder / f"noise {name}"
    drawn_mode = "RGB" if mode == "P" else mode
    noise = random.Random(1).randbytes(width * height * len(drawn_mode))  # noqa: S311 # as in _texture
    Image.frombytes(drawn_mode, (width, height), noise).convert(mode).save(path, format_, **options)
    return path


def drawn_image(kind: ImageKind, megapixels: float, folder: Path) -> Path:
    """A file of this many megapixels."""
    name, mode, format_, options = kind
    width = round((megapixels * 1_500_000) ** 0.5)
    path = folder / f"{megapixels}MP {name}"
    picture = _texture(width, width * 2 // 3).convert(mode)
    if mode == "RGBA":
        picture.putalpha(picture.convert("L"))  # encoders drop an opaque alpha channel
    if format_ == "HEIF":
        _save_heic(picture, path, **options)
    else:
        picture.save(path, format_, **options)
    return path


def _save_heic(picture: Image.Image, path: Path, *, bits: int = 8, **options: Any) -> None:
    import pillow_heif  # noqa: PLC0415 # the process that measures must import it with its first HEIC, as the function does

    mode, samples = picture.mode, picture.tobytes()
    if bits > 8:
        wide = bytearray(2 * len(samples))
        wide[::2] = wide[1::2] = samples
        mode, samples = f"{mode};16", bytes(wide)
    with path.open("wb") as file:
        pillow_heif.encode(mode, picture.size, samples, file, enc_params={"preset": "ultrafast"}, **options)


def drawn_animations(frames: int, folder: Path) -> Iterator[Path]:
    """An animation with this many frames in each format that supports it, as files."""
    fast_options: dict[str, dict[str, Any]] = {"GIF": {}, "WEBP": {"method": 0}, "PNG": {}, "AVIF": {"speed": 10}}
    for format_, options in fast_options.items():
        path = folder / f"{frames} frames {format_}"
        pictures = [_texture(800, 600, seed) for seed in range(frames)]
        if format_ == "GIF":
            pictures = [each.quantize(method=Image.Quantize.FASTOCTREE) for each in pictures]
        pictures[0].save(path, format_, save_all=True, append_images=pictures[1:], duration=50, loop=0, **options)
        yield path


def _texture(width: int, height: int, seed: int = 1) -> Image.Image:
    noise = random.Random(seed)  # noqa: S311 # a picture needs no secure randomness
    small = Image.frombytes("RGB", (width // 8, height // 8), noise.randbytes((width // 8) * (height // 8) * 3))
    return small.resize((width, height), Image.Resampling.BILINEAR)
