"""Writes a TIFF's directory."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from resizer.errors import Reason, Rejected
from resizer.formats.tiff_directory import LONG, LONG8, NUMBERS

MAX_LONG: Final = 0xFFFF_FFFF  # in a TIFF that is not a BigTIFF


@dataclass(slots=True)
class DirectoryWriter:
    """Writes one directory for offset `at` of a file; `held` counts the bytes of values outside its entries."""

    order: str
    big: bool
    at: int
    held: int = 0
    _values: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)

    def put(self, tag: int, kind: int, count: int, data: bytes) -> None:
        """Set a tag to packed values."""
        self._values[tag] = (kind, count, data)

    def put_numbers(self, tag: int, numbers: tuple[int, ...], kind: int | None = None) -> None:
        """Set a tag to integers. Raises `Rejected` `unsupported_format` if one needs a BigTIFF."""
        kind = kind or (LONG8 if self.big else LONG)
        if not self.big and not all(0 <= number <= MAX_LONG for number in numbers):
            raise Rejected(Reason.UNSUPPORTED_FORMAT, "The TIFF refers to bytes beyond 4 GB, which we do not read.")
        self.put(tag, kind, len(numbers), struct.pack(f"{self.order}{len(numbers)}{NUMBERS[kind]}", *numbers))

    def drop(self, tag: int) -> None:
        """Remove a tag."""
        self._values.pop(tag, None)

    def header(self) -> bytes:
        """The header of a file whose first directory this is."""
        mark = b"II" if self.order == "<" else b"MM"
        if self.big:
            return mark + struct.pack(f"{self.order}HHHQ", 43, 8, 0, self.at)
        return mark + struct.pack(f"{self.order}HI", 42, self.at)

    def tobytes(self) -> bytes:
        """The directory, followed by its values."""
        count, place, entry, inline = ("Q", "Q", 20, 8) if self.big else ("H", "I", 12, 4)
        body = struct.pack(self.order + count, len(self._values))
        values_at = self.at + len(body) + entry * len(self._values) + inline
        values = bytearray()
        for tag, (kind, many, data) in sorted(self._values.items()):
            value = data.ljust(inline, b"\0")
            if len(data) > inline:
                value = struct.pack(self.order + place, values_at + len(values))
                values += data + bytes(len(data) % 2)
            body += struct.pack(self.order + "HH" + place, tag, kind, many) + value
        self.held = len(values)
        return body + bytes(inline) + bytes(values)
