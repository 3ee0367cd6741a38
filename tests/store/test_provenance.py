"""Sources are told apart by their keys, and their uploads put in order as S3 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.model import SourceObject
from resizer.store.provenance import Provenance
from tests.conftest import BUCKET
from tests.store.writing import LATER, SEQUENCER, SOURCE, provenance


def is_later(sequencer: str, than: str) -> bool | None:
    return provenance(sequencer=sequencer).is_newer(provenance(sequencer=than))


_sequencers = st.text("0123456789ABCDEFabcdef", min_size=1, max_size=6)


def test_two_keys_have_two_provenances() -> None:
    """Sources are told apart by their whole key."""
    assert provenance(key="scan").source_key != provenance(key="scan.jpg").source_key
    assert provenance() == provenance()._replace(sequencer=SEQUENCER)


def test_two_buckets_have_two_provenances() -> None:
    """A source of the same key in another bucket is another source."""
    ours = provenance()
    assert ours.is_of(SourceObject(BUCKET, SOURCE))
    assert not ours.is_of(SourceObject("films", SOURCE))


def test_a_hash_of_the_key_alone_is_ours() -> None:
    """Earlier versions hashed only the key: `cat.jpg` gave `0a6df48a27ef7db4`, and its renditions are still ours."""
    earlier = provenance()._replace(source_key="0a6df48a27ef7db4")
    assert earlier.is_of(SourceObject(BUCKET, "cat.jpg"))
    assert not earlier.is_of(SourceObject(BUCKET, "dog.jpg"))


@pytest.mark.parametrize(
    ("sequencer", "than", "later"),
    [
        ("02", "01", True),
        ("01", "02", False),
        ("01", "01", False),
        ("0A", "09", True),
        ("0a", "0A", False),
        ("0b", "0A", True),
        ("0B", "0a", True),
        ("1", "0FFF", True),
        ("0FFF", "1", False),
        ("1", "1000", False),
        ("1000", "1", False),
        ("1001", "1", True),
        ("1", "1001", False),
        ("9", "10", True),
        (LATER, SEQUENCER, True),
        (SEQUENCER, SEQUENCER + "00", False),
        (SEQUENCER + "01", SEQUENCER, True),
    ],
)
def test_sequencers_compare_as_s3_says(sequencer: str, than: str, later: bool) -> None:  # noqa: FBT001 # a table's column
    """Sequencers compare as hex strings after the shorter is padded on the right with zeros, in either case."""
    assert is_later(sequencer, than) is later


@given(_sequencers, _sequencers, _sequencers)
def test_sequencers_are_in_one_order(first: str, second: str, third: str) -> None:
    """Of any two sequencers at most one is later, exactly as the padded numbers say, and the order carries on."""
    longest = max(map(len, (first, second, third)))
    one, other = (int(each.ljust(longest, "0"), 16) for each in (first, second))
    assert is_later(first, second) == (one > other)
    assert not (is_later(first, second) and is_later(second, first))
    assert is_later(first, third) or not (is_later(first, second) and is_later(second, third))


@pytest.mark.parametrize("sequencer", [SEQUENCER, None])
def test_provenance_reads_back_from_metadata(sequencer: str | None) -> None:
    """What is written as user metadata is read again as the same provenance."""
    original = provenance(sequencer=sequencer)
    assert Provenance.read(original.as_metadata()) == original
