"""Converts colours to sRGB with littlecms, by the image's ICC profile or by colours that it describes with numbers."""

import io
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import methodcaller
from typing import Any, Final

from PIL import Image

from resizer.model import Header

Transform = Callable[[Image.Image], Image.Image]

# The name of each mode's colour space in a profile's header (ICC.1:2022, 7.2.6).
SPACES: Final = {"L": "GRAY", "RGB": "RGB ", "RGBA": "RGB ", "CMYK": "CMYK"}
# If a profile changes no colour by more than this (of 255), it is sRGB under another name: most are.
MAX_INVISIBLE_CHANGE: Final = 2


def source_colors(info: Mapping[Any, Any], header: Header, warn: Callable[[str], None]) -> bytes | None:
    """The ICC profile of an opened image, or one built from the numbers that describe its colours; None for sRGB.

    For PNG it is the first valid one of cICP, iCCP, sRGB, and gAMA with cHRM, the order of the PNG specification's
    third edition. A cHRM without gAMA is ignored, as in Chromium. For other formats the profile comes before code
    points. Calls `warn` for invalid ones, and for HDR.
    """
    profile: bytes | None = info.get("icc_profile")
    if "icc_profile" in info and (not profile or not isinstance(profile, bytes)):
        warn("The colour profile is ignored: it is incomplete.")
        profile = None
    if header.format != "PNG" and profile:
        return profile
    chunks = profile is None and "srgb" not in info and "gamma" in info
    if header.code_points is None and not chunks:
        return profile
    from resizer.color import described  # noqa: PLC0415 # 1 ms of a cold start, and most images do not need it

    colors = described.by_code_points(header.code_points, warn)
    if colors is None and chunks:
        colors = described.by_chunks(info, warn)
    return described.matrix_profile(colors) if colors else profile


def to_srgb(image: Image.Image, colors: bytes | None, warn: Callable[[str], None]) -> Image.Image:
    """Convert an L, RGB, RGBA or CMYK image to sRGB by its profile; CMYK becomes RGB.

    The intent is relative colorimetric with black point compensation.

    Without `colors` the image is treated as sRGB, and CMYK is converted by Pillow's simple formula. The same happens
    if the profile is broken or for another colour space; then `warn` is called. A grey profile is applied to RGBA
    without colours, because grey with transparency comes as RGBA. An RGB profile is applied to grey, which stays grey.
    """
    if colors and image.mode == "RGBA" and colors[16:20] == SPACES["L"].encode() and _is_neutral(image):
        grey = to_srgb(image.getchannel("R"), colors, warn)
        return Image.merge("RGBA", (grey, grey, grey, image.getchannel("A")))
    transform = None
    if colors:
        try:
            transform = _transform(colors, image.mode)
        except (OSError, ValueError, TypeError) as problem:
            warn(f"The colour profile is ignored: {problem}.")
    if transform:
        return transform(image)
    return image.convert("RGB") if image.mode == "CMYK" else image


def _is_neutral(image: Image.Image) -> bool:
    red, green, blue, _ = (channel.tobytes() for channel in image.split())
    return red == green == blue


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Transform | None:
    """The transform to sRGB, None if nothing changes. Bad profiles raise `ValueError`, `OSError` or `TypeError`."""
    if mode == "RGBA" and _transform(profile, "RGB") is None:
        return None
    from PIL import ImageCms  # noqa: PLC0415 # 6 ms of a cold start, and many images have no profile

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space
    if space not in {SPACES[mode], SPACES["RGB"] if mode == "L" else None}:
        raise ValueError(f"it is for {space.strip()} and the image is {mode}")
    given = "RGB" if space == SPACES["RGB"] and mode == "L" else mode
    transform: Transform = ImageCms.ImageCmsTransform(
        source,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        given,
        mode if mode == "RGBA" else "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        # littlecms would otherwise interpolate grey between just 33 points.
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | (ImageCms.Flags.NOOPTIMIZE if mode == "L" else 0),
    ).apply
    if mode not in {"L", "RGB"}:
        return transform
    samples = _samples(mode)
    shown = transform(samples.convert(given)).convert(mode).tobytes()
    if all(abs(a - b) <= MAX_INVISIBLE_CHANGE for a, b in zip(samples.tobytes(), shown, strict=True)):
        return None
    return methodcaller("point", list(shown)) if mode == "L" else transform  # through RGB grey takes more memory


def _samples(mode: str) -> Image.Image:
    """All greys, or colours from the whole RGB cube."""
    if mode == "L":
        return Image.frombytes("L", (256, 1), bytes(range(256)))
    levels = range(0, 256, 15)
    cube = bytes(level for red in levels for green in levels for blue in levels for level in (red, green, blue))
    return Image.frombytes("RGB", (len(levels) ** 2, len(levels)), cube)
