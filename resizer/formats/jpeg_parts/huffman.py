"""Huffman tables of JPEG (T.81, annex C): codes for the symbols that a sample has not shown."""

from __future__ import annotations

from operator import mul
from typing import Final, NamedTuple

LONGEST: Final = 16  # bits of a code
SPACE: Final = 1 << LONGEST  # a code of n bits takes up its 2^n-th part
PARTS: Final = [SPACE >> length for length in range(1, LONGEST + 1)]
# Every symbol of 8-bit baseline JPEG (T.81, tables F.1 and F.2): how many bits a difference has; and for the other
# frequencies how many zeros come before and how many bits, with the end of a block and 16 zeros.
DC_SYMBOLS: Final = bytes(range(12))
AC_SYMBOLS: Final = bytes([0x00, 0xF0, *(zeros << 4 | bits for zeros in range(16) for bits in range(1, 11))])


class HuffmanTable(NamedTuple):  # which takes a cold start less than a dataclass does
    """Canonical codes as a file states them: how many there are of 1 to 16 bits, and their symbols in that order."""

    counts: bytes
    symbols: bytes

    def completed(self, symbols: bytes) -> HuffmanTable:
        """The same with codes of 16 bits for those of these symbols that have none, at most 256 in all.

        Where they leave too little room, the rarest symbol whose next bit makes enough of it gets that bit.
        """
        counts = list(self.counts)
        missing = symbols.translate(None, self.symbols)
        # A code of ones alone is reserved (T.81, C.2).
        lacking = len(missing) + 1 - SPACE + sum(map(mul, counts, PARTS))
        if lacking > 0:
            # There is always one: fewer than 256 codes of 8 bits and more would leave room enough.
            length = [length for length, part in enumerate(PARTS, 1) if counts[length - 1] and part >= 2 * lacking][-1]
            counts[length - 1] -= 1  # its last symbol, which becomes the first of those with a bit more
            counts[length] += 1
        counts[-1] += len(missing)
        return HuffmanTable(bytes(counts), self.symbols + missing)
