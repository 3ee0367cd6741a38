"""Huffman tables of JPEG (T.81, annex C): codes for the symbols that a sample has not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 16  # bits of a code
SPACE: Final = 1 << LONGEST  # a code of n bits takes up its 2^n-th part
# Every symbol of 8-bit baseline JPEG (T.81, tables F.1 and F.2): how many bits a difference has; and for the other
# frequencies how many zeros come before and how many bits, with the end of a block and 16 zeros.
DC_SYMBOLS: Final = bytes(range(12))
AC_SYMBOLS: Final = bytes([0x00, 0xF0, *(zeros << 4 | bits for zeros in range(16) for bits in range(1, 11))])


class HuffmanTable(NamedTuple):  # which takes a cold start less than a dataclass does
    """Canonical codes as a file states them: how many there are of 1 to 16 bits, and their symbols in that order."""

    counts: bytes
    symbols: bytes

    def completed(self, symbols: Iterable[int]) -> HuffmanTable:
        """The same with codes of 16 bits for those of these symbols that have none, at most 256 in all.

        Where they leave too little room, the rarest symbol whose next bit makes enough of it gets that bit.
        """
        lengths = self._lengths()
        missing = [symbol for symbol in symbols if symbol not in lengths]
        # A code of ones alone is reserved (T.81, C.2).
        lacking = len(missing) + 1 - SPACE + sum(SPACE >> length for length in lengths.values())
        if lacking > 0:
            # There is always one: fewer than 256 codes of 8 bits and more would leave room enough.
            rarest = [symbol for symbol, length in lengths.items() if SPACE >> (length + 1) >= lacking][-1]
            lengths[rarest] += 1
        return _canonical(lengths | dict.fromkeys(missing, LONGEST))

    def _lengths(self) -> dict[int, int]:
        of_each = (length for length, count in enumerate(self.counts, 1) for _ in range(count))
        return dict(zip(self.symbols, of_each, strict=True))


def _canonical(lengths: dict[int, int]) -> HuffmanTable:
    in_order = sorted(lengths, key=lengths.__getitem__)
    counts = [0] * LONGEST
    for length in lengths.values():
        counts[length - 1] += 1
    return HuffmanTable(bytes(counts), bytes(in_order))
