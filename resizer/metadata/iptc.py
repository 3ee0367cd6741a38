"""The two texts of IPTC-IIM, whose lengths may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resizer.metadata.rights_model import BETWEEN, Rights, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST: Final = 262_144  # bytes; a JPEG's have 64 KB at the most
DATASET: Final = 0x1C  # what each begins with (IPTC-IIM 4.2, 1.5)
EXTENDED: Final = 0x8000  # in place of a length: how many bytes hold it
CHARACTER_SET, BY_LINE, COPYRIGHT_NOTICE = (1, 90), (2, 80), (2, 116)
UTF_8: Final = b"\x1b%"  # where ISO 2022 leaves its own character sets; all that is found there is UTF-8


def rights_in_iptc(block: bytes, warn: Callable[[str], None]) -> Rights:
    """The by-lines and the copyright notice of IPTC-IIM, version 4: datasets 2:80 and 2:116.

    They are read as UTF-8 where they are that, whether 1:90 says so or not, else in Windows' Latin letters, which most
    programs wrote. A block whose lengths do not fit is ignored, and `warn` told. Nothing is raised.
    """
    found: dict[tuple[int, int], list[bytes]] = {CHARACTER_SET: [], BY_LINE: [], COPYRIGHT_NOTICE: []}
    try:
        for number, value in _datasets(block):
            if number in found:
                if DATASET in value:  # which no text holds; what follows it may be anything
                    raise ValueError("a text runs into the next dataset")
                found[number].append(value)
    except ValueError as problem:
        warn(f"The IPTC cannot be read, and is ignored: {problem}.")
        return Rights()
    declared = any(value.startswith(UTF_8) for value in found[CHARACTER_SET])
    by_lines, notices = (
        [text for value in found[number] if (text := _decoded(value, declared=declared))]
        for number in (BY_LINE, COPYRIGHT_NOTICE)
    )
    return Rights(BETWEEN.join(by_lines), notices[0] if notices else "")


def _datasets(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Each dataset's number and value. Raises `ValueError`."""
    if len(block) > LONGEST:
        raise ValueError(f"it has {len(block)} bytes")
    at, end = 0, len(block.rstrip(b"\0"))  # a TIFF's is filled up
    while at < end:
        start = block[at : at + 5]
        if start[0] != DATASET:
            raise ValueError(f"there is no dataset at byte {at}")
        length, begin = int.from_bytes(start[3:], "big"), at + 5
        if length & EXTENDED:
            digits = length - EXTENDED
            length, begin = int.from_bytes(block[begin : begin + digits], "big"), begin + digits
        if begin + length > len(block):
            raise ValueError(f"the dataset at byte {at} is longer than there is room")
        at = begin + length
        yield (start[1], start[2]), block[begin:at]


def _decoded(text: bytes, *, declared: bool) -> str:
    try:
        return one_line(text.decode())
    except UnicodeDecodeError as problem:
        if declared and problem.end == len(text):  # programs cut by-lines at 32 bytes, within a letter as well
            return one_line(text[: problem.start].decode())
        return one_line(text.decode("cp1252", "replace"))
