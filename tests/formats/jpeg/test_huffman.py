"""A table that is completed has a code for everything, and costs next to nothing for what it was made for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.formats.jpeg_parts.huffman import AC_SYMBOLS, DC_SYMBOLS, HuffmanTable


@st.composite
def tables(draw: st.DrawFn) -> HuffmanTable:
    """Tables as encoders make them: of codes that fill all the room but for the longest code of ones alone."""
    alphabet = draw(st.sampled_from([DC_SYMBOLS, AC_SYMBOLS]))
    chance, leaves = draw(st.randoms(use_true_random=False)), [1, 1]
    deep = draw(st.booleans())
    for _ in range(draw(st.integers(0, len(alphabet) - 1))):
        leaf = -1 if deep and leaves[-1] < 16 else chance.randrange(len(leaves))
        if leaves[leaf] < 16:
            length = leaves.pop(leaf) + 1
            leaves += [length, length]
    lengths = sorted(leaves)[:-1]
    symbols = chance.sample(alphabet, len(lengths))
    return HuffmanTable(bytes(lengths.count(length) for length in range(1, 17)), bytes(symbols))


def lengths(table: HuffmanTable) -> dict[int, int]:
    of_each = [length for length, count in enumerate(table.counts, 1) for _ in range(count)]
    return dict(zip(table.symbols, of_each, strict=True))


def room(table: HuffmanTable) -> Fraction:
    """The part of all codes that is left (T.81, annex C)."""
    return 1 - sum((Fraction(1, 1 << length) for length in lengths(table).values()), Fraction())


@given(tables(), st.sampled_from([DC_SYMBOLS, AC_SYMBOLS]))
def test_every_symbol_gets_a_code(table: HuffmanTable, symbols: bytes) -> None:
    """Each symbol has one code of 16 bits at most, all can be told apart, and the code of ones alone stays free."""
    complete = table.completed(symbols)
    assert set(complete.symbols) == {*symbols, *table.symbols}
    assert len(complete.symbols) == len(set(complete.symbols)) == sum(complete.counts)
    assert len(complete.counts) == 16
    assert room(complete) >= Fraction(1, 1 << 16)


@given(tables())
def test_what_had_a_code_keeps_it_as_short(table: HuffmanTable) -> None:
    """At most one code becomes longer, by one bit."""
    before, after = lengths(table), lengths(table.completed(AC_SYMBOLS))
    longer = {symbol: after[symbol] - length for symbol, length in before.items() if after[symbol] != length}
    assert list(longer.values()) in ([], [1])


def test_a_table_with_all_symbols_stays() -> None:
    """What is complete is given back as it was."""
    table = HuffmanTable(bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, *[0] * 7]), DC_SYMBOLS)  # T.81, table K.3
    assert table.completed(DC_SYMBOLS) == table


@pytest.mark.parametrize(("symbols", "count"), [(DC_SYMBOLS, 12), (AC_SYMBOLS, 162)])
def test_the_alphabets_are_those_of_baseline_jpeg(symbols: bytes, count: int) -> None:
    """There are as many symbols as in the standard's own tables (T.81, K.3 to K.6)."""
    assert len(set(symbols)) == len(symbols) == count
