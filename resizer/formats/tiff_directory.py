"""Reads the directories of a TIFF before Pillow sees the file.

From TIFF 6.0, section 2, and the BigTIFF design of libtiff.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TAGS: Final = 4096  # of one directory
MAX_NUMBERS: Final = 200_000  # of one tag; the longest are offsets of strips or tiles, and Pillow makes an int of each
MAX_DATA: Final = 16_777_216  # bytes of one tag that the pixels do not need; a longer one is dropped
# Bytes of one value by its type, and the struct formats of integer types.
SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
NUMBERS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
SHORT, LONG, LONG8 = 3, 4, 16
LONG_KINDS: Final = frozenset({16, 17, 18})  # only in BigTIFFs
BYTES: Final = frozenset({1, 2, 6, 7})  # types that Pillow does not unpack


@dataclass(frozen=True, slots=True)
class Field:
    """One tag: its type, its number of values, and their offset in the file."""

    kind: int
    count: int
    at: int

    @property
    def size(self) -> int:
        """Bytes of its values."""
        return self.count * SIZES.get(self.kind, 0)


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory's fields by tag, and the offset of the next directory (0: none)."""

    fields: Mapping[int, Field]
    next: int = 0


@dataclass(frozen=True, slots=True)
class TiffReader:
    """Reads directories and values. Raises `Rejected` `truncated` if the file ends too early, `corrupt` for bombs."""

    stream: IO[bytes]
    size: int
    order: str
    big: bool
    first: int

    @classmethod
    def of(cls, stream: IO[bytes]) -> TiffReader:
        """Read the file's header."""
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        start = stream.read(16).ljust(16, b"\0")
        order = "<" if start[:2] == b"II" else ">"
        big = 43 in start[2:4]
        (first,) = struct.unpack_from(f"{order}Q", start, 8) if big else struct.unpack_from(f"{order}I", start, 4)
        return cls(stream, size, order, big, first)

    def read(self, at: int, size: int) -> bytes:
        """Read `size` bytes at offset `at`."""
        if at + size <= self.size:
            self.stream.seek(at)
            data = self.stream.read(size)
            if len(data) == size:
                return data
        raise Rejected(Reason.TRUNCATED, f"The TIFF ends after {self.size} bytes, but its tags point further.")

    def directory(self, at: int) -> Directory:
        """Read the directory at offset `at`; if a tag comes twice, the first one counts."""
        wide = 8 if self.big else 2
        (tags,) = struct.unpack(self.order + ("Q" if self.big else "H"), self.read(at, wide))
        if tags > MAX_TAGS:
            raise _too_many("tags")
        entry = struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))
        data = self.read(at + wide, tags * entry.size)
        fields: dict[int, Field] = {}
        for number, (tag, kind, count, value) in enumerate(entry.iter_unpack(data)):
            if count > MAX_NUMBERS and kind not in BYTES:
                raise _too_many("numbers in one tag")
            place = at + wide + number * entry.size + entry.size - len(value)
            if count * SIZES.get(kind, 0) > len(value):
                (place,) = struct.unpack(self.order + ("Q" if self.big else "I"), value)
            fields.setdefault(tag, Field(kind, count, place))
        end = at + wide + len(data)
        size = 8 if self.big else 4
        following = self.read(end, size) if end + size <= self.size else bytes(size)
        return Directory(fields, int.from_bytes(following, "little" if self.order == "<" else "big"))

    def data(self, value: Field) -> bytes:
        """Read the bytes of a tag's values."""
        return self.read(value.at, value.size)

    def numbers(self, directory: Directory, tag: int) -> tuple[int, ...]:
        """Read a tag's values if they are integers; empty if the tag is missing or of another type."""
        value = directory.fields.get(tag)
        if value is None or value.kind not in NUMBERS:
            return ()
        if value.count > MAX_NUMBERS:
            raise _too_many("numbers in one tag")
        return struct.unpack(f"{self.order}{value.count}{NUMBERS[value.kind]}", self.data(value))

    def number(self, directory: Directory, tag: int, default: int) -> int:
        """Read a tag's first integer, or return `default`."""
        return next(iter(self.numbers(directory, tag)), default)


def _too_many(what: str) -> Rejected:
    return Rejected(Reason.CORRUPT, f"The TIFF has too many {what}.")
