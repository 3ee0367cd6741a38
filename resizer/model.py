"""The frozen values that pass from stage to stage."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

    from resizer.planning.geometry import Placement
    from resizer.settings.rules import RenditionSpec

# Decoded below 1.5 times the largest rendition, the result drifts visibly from that of a full decode: 38 dB PSNR
# against 46 to 56 dB, measured on photos before encoding.
OVERSAMPLING: Final = 1.5
MAX_EXIF_BYTES: Final = 1_048_576  # bytes that are looked at; it fits into one segment of a JPEG, of 64 KB


class Change(StrEnum):
    """What happened to an object, as far as this service cares."""

    CREATED = "created"
    REMOVED = "removed"
    OTHER = "other"


class Format(StrEnum):
    """A format that renditions are written in, by Pillow's name for it."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"


# Extensions of image files that can be read, by which file names are recognised; the bytes decide what a file is.
IMAGE_EXTENSIONS: Final = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".mpo", ".png", ".apng", ".webp", ".gif", ".avif", ".heic", ".heif",
        ".hif", ".tif", ".tiff", ".bmp", ".dib", ".ico", ".cur", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx",
    }
)  # fmt: skip
# Formats that renditions keep; what else is read is not shown everywhere.
KEPT: Final = frozenset({Format.JPEG, Format.PNG, Format.WEBP, Format.GIF})


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One object that an event names; `key` is decoded, everything optional is what senders leave out.

    `etag` is without quotes, `size` in bytes, `sequencer` a hexadecimal string of varying length. `widths` replace the
    settings' own. `forwarded` marks a record that a function with less memory has passed on.
    """

    bucket: str
    key: str
    change: Change = Change.CREATED
    etag: str | None = None
    size: int | None = None
    sequencer: str | None = None
    version_id: str | None = None
    widths: tuple[int, ...] | None = None
    forwarded: bool = False

    @property
    def uri(self) -> str:
        """`s3://bucket/key`, for messages."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class SourceMetadata:
    """What S3 said of the stored object when it was fetched; `size` in bytes, None where unknown.

    `headers` are the answer's fields that a rendition may carry on, by botocore's names.
    """

    etag: str
    size: int | None
    headers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stored_size(self) -> int | None:
        """The object's size in bytes as it is stored, which may be compressed; None where S3 does not say."""
        return self.headers.get("ContentLength")


class CodePoints(NamedTuple):  # which takes a cold start less than a dataclass does
    """How a file describes its colours by ITU-T H.273: the numbers of its `primaries`, `transfer` and `matrix`.

    `narrow` says that its samples leave room beneath black and above white. Matrix and range are those of the pixels
    that the decoder gives out, and not of the YUV within.
    """

    primaries: int
    transfer: int
    matrix: int = 0
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says: `width` and `height` in pixels as stored, before `orientation` (EXIF 1 to 8).

    `loop` is how often an animation plays (0: for ever, None: not said). Beside Pillow's pixels and what the format's
    class says, the decoder holds `buffered_bytes` until it has decoded, and `held_bytes` until the picture has been
    resized. `code_points` is what the file says of its colours beside a profile.
    """

    format: str
    mode: str
    width: int
    height: int
    frames: int = 1
    orientation: int = 1
    has_transparency: bool = False
    loop: int | None = None
    buffered_bytes: int = 0
    held_bytes: int = 0
    code_points: CodePoints | None = None

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels as a person sees it: EXIF orientations 5 to 8 lie on their side."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    @property
    def own_format(self) -> Format:
        """What renditions in the source's format are written in: that, or what is shown everywhere."""
        other = Format.PNG if self.has_transparency else Format.JPEG
        return Format(self.format) if self.format in KEPT else other

    @property
    def pixels(self) -> int:
        """Width x height x frames."""
        return self.width * self.height * self.frames


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of an image, composed whole; `duration` in milliseconds where it is one of an animation.

    `few_colours` says that the source is a PNG of at most 256, most likely a drawing. `crop_box` is the width and
    height in pixels that the picture takes up, where a decoder that scales down has rounded them up.
    """

    pixels: Image
    duration: float | None = None
    few_colours: bool = False
    crop_box: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What a page shows until a picture is there: a ThumbHash in base64, and the dominant colour as `#rrggbb`.

    The colour is None where all is transparent.
    """

    thumbhash: str
    color: str | None


@dataclass(frozen=True, slots=True)
class RenditionPlan:
    """One rendition to make: its key, its size in pixels and its format, and how it is laid out by its `spec`.

    `recipe` is a hash of what shapes it.
    """

    key: str
    width: int
    height: int
    format: Format
    placement: Placement
    spec: RenditionSpec
    recipe: str

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self.spec.name

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    def rank(self) -> tuple[int, int, int, str]:
        """Its place among others: by width, height and name, where numbers are in their own order."""
        number = int(self.name) if self.name.isdecimal() else sys.maxsize
        return self.width, self.height, number, self.name

    @property
    def content_type(self) -> str:
        """The rendition's `Content-Type`."""
        return f"image/{self.format.lower()}"


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded rendition, ready to be stored."""

    plan: RenditionPlan
    body: bytes
