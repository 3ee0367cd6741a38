"""Reads the directories of a TIFF before Pillow sees the file, and writes one that Pillow can read.

From TIFF 6.0, section 2, and the BigTIFF design of libtiff.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.formats.prepared_file import PreparedFile

MAX_TAGS: Final = 4096  # of one directory
MAX_NUMBERS: Final = 200_000  # of one tag; the longest are offsets of strips or tiles, and Pillow makes an int of each
MAX_SIZE: Final = 0xFFFF_FFFF  # of a file whose offsets have 32 bits
# Bytes of one value by its type, and the struct formats of integer types.
SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
NUMBERS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
LONG: Final = 4
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
    """One directory of a file: its fields by tag, and the offset of the next directory (0: none)."""

    file: TiffFile
    fields: Mapping[int, Field]
    next: int = 0

    def numbers(self, tag: int) -> tuple[int, ...]:
        """A tag's values if they are at most `MAX_NUMBERS` integers; else empty."""
        field = self.fields.get(tag)
        if field is None or field.kind not in NUMBERS or field.count > MAX_NUMBERS:
            return ()
        data = self.file.read(field.at, field.size)
        return struct.unpack(f"{self.file.order}{field.count}{NUMBERS[field.kind]}", data)

    def number(self, tag: int, default: int) -> int:
        """A tag's first integer, or `default`."""
        return next(iter(self.numbers(tag)), default)


class TiffFile:
    """Reads and writes directories. Raises `Rejected` `truncated` if the file ends too early, `corrupt` for bombs."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        start = stream.read(16).ljust(16, b"\0")
        self.order = "<" if start[:2] == b"II" else ">"
        self.big = b"+" in start[2:4]
        self._offset = self.order + ("Q" if self.big else "I")
        (self.first,) = struct.unpack_from(self._offset, start, 8 if self.big else 4)

    def read(self, at: int, size: int) -> bytes:
        """Read `size` bytes at offset `at`."""
        self.require(at + size)
        self.stream.seek(at)
        return self.stream.read(size)

    def require(self, size: int) -> None:
        """Raise `Rejected` `truncated` if the file has fewer bytes."""
        if size > self.size:
            raise Rejected(Reason.TRUNCATED, f"The TIFF ends after {self.size} bytes, but its tags point further.")

    def directory(self, at: int) -> Directory:
        """Read the directory at offset `at`; if a tag comes twice, the first one counts."""
        wide = 8 if self.big else 2
        (tags,) = struct.unpack(self.order + ("Q" if self.big else "H"), self.read(at, wide))
        if tags > MAX_TAGS:
            raise _too_many("tags")
        entry = struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))
        end = at + wide + tags * entry.size
        fields: dict[int, Field] = {}
        for number, (tag, kind, count, value) in enumerate(entry.iter_unpack(self.read(at + wide, end - at - wide))):
            if count > MAX_NUMBERS and kind not in BYTES:
                raise _too_many("numbers in one tag")
            place = at + wide + (number + 1) * entry.size - len(value)
            if count * SIZES.get(kind, 0) > len(value):
                (place,) = struct.unpack(self._offset, value)
            fields.setdefault(tag, Field(kind, count, place))
        last = struct.calcsize(self._offset)
        following = self.read(end, last) if end + last <= self.size else bytes(last)
        return Directory(self, fields, *struct.unpack(self._offset, following))

    def with_first(self, page: Directory, changes: Mapping[int, tuple[int, ...]]) -> PreparedFile:
        """The file with a new first directory after its end: the page's, with other numbers for some tags.

        It is never a BigTIFF: Pillow does not read big-endian ones. Raises `Rejected` `unsupported_format` if it would
        have to be one.
        """
        numbers = {tag: page.numbers(tag) for tag, field in page.fields.items() if field.kind in LONG_KINDS}
        numbers.update(changes)
        values, entries = bytearray(self.size % 2), dict[int, bytes]()
        for tag in page.fields.keys() - numbers.keys():
            field = page.fields[tag]
            value = self.read(field.at, field.size).ljust(4, b"\0") if field.size <= 4 else self._longs(field.at)
            entries[tag] = struct.pack(f"{self.order}HHI", tag, field.kind, field.count) + value
        for tag, several in numbers.items():
            value = self._longs(*several).ljust(4, b"\0")
            if len(several) > 1:
                at = self.size + len(values)
                values += value
                value = self._longs(at)
            entries[tag] = struct.pack(f"{self.order}HHI", tag, LONG, len(several)) + value
        head = struct.pack(f"{self.order}2sHI", b"II" if self.order == "<" else b"MM", 42, self.size + len(values))
        values += struct.pack(f"{self.order}H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries))
        return PreparedFile(self.stream, head=head, begin=len(head), end=self.size, tail=bytes(values) + bytes(4))

    def _longs(self, *numbers: int) -> bytes:
        if not all(0 <= number <= MAX_SIZE for number in numbers):
            raise Rejected(Reason.UNSUPPORTED_FORMAT, "The TIFF refers to bytes beyond 4 GB, which we do not read.")
        return struct.pack(f"{self.order}{len(numbers)}I", *numbers)


def _too_many(what: str) -> Rejected:
    return Rejected(Reason.CORRUPT, f"The TIFF has too many {what}.")
