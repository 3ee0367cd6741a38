"""What a file declares up front, for formats whose decoder would read all of it before telling."""

from __future__ import annotations


def declared_size(format_: str, start: bytes) -> tuple[int, int] | None:
    """Width and height in pixels by the first bytes of a WebP (RFC 9649, RFC 6386 within it); None without."""
    return _webp(start) if format_ == "WEBP" else None


def _webp(start: bytes) -> tuple[int, int] | None:
    if len(start) < 30:
        return None
    match start[12:16]:
        case b"VP8X":
            return _uint24(start, 24) + 1, _uint24(start, 27) + 1
        case b"VP8L":
            bits = int.from_bytes(start[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return int.from_bytes(start[26:28], "little") & 0x3FFF, int.from_bytes(start[28:30], "little") & 0x3FFF
        case _:
            return None


def _uint24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
