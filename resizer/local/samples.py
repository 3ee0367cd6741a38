"""Draws sample images."""

import io
from typing import Final

from PIL import ExifTags, Image, ImageDraw

SKY: Final = ((24, 60, 130), (250, 190, 120))
MEADOW: Final = ((60, 110, 50), (20, 40, 25))


def samples() -> dict[str, bytes]:
    """Bytes by file name: a landscape JPEG, one with an EXIF orientation, and a PNG with transparency."""
    landscape = _landscape(2400, 1600)
    sideways = Image.Exif()
    sideways[ExifTags.Base.Orientation] = 6
    return {
        "landscape.jpg": _saved(landscape, "JPEG", quality=90),
        "taken on its side.jpg": _saved(
            landscape.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=sideways.tobytes()
        ),
        "badge.png": _saved(_badge(1400), "PNG"),
    }


def _landscape(width: int, height: int) -> Image.Image:
    horizon = height * 3 // 5
    image = Image.new("RGB", (width, height))
    image.paste(_gradient(width, horizon, *SKY))
    image.paste(_gradient(width, height - horizon, *MEADOW), (0, horizon))
    draw = ImageDraw.Draw(image)
    draw.circle((width * 3 // 4, horizon - height // 8), height // 12, fill=(255, 240, 200))
    for x, reach in ((0.15, 0.34), (0.38, 0.45), (0.6, 0.28)):
        peak, half = round(width * x), round(height * reach)
        slope = [(peak - half, horizon), (peak, horizon - half), (peak + half, horizon)]
        draw.polygon(slope, fill=(70 + half // 12, 80, 110))
    return image


def _gradient(width: int, height: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.composite(Image.new("RGB", ramp.size, bottom), Image.new("RGB", ramp.size, top), ramp)


def _badge(size: int) -> Image.Image:
    image = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(image)
    centre = (size // 2, size // 2)
    draw.circle(centre, size * 9 // 20, fill=(200, 40, 60, 255))
    draw.circle(centre, size * 7 // 20, fill=(255, 255, 255, 128))
    draw.regular_polygon((*centre, size // 4), 5, fill=(30, 50, 90, 255))
    return image


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()
