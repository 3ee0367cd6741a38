"""A provenance identifies the source, and its sequencer the order of uploads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.model import SourceObject
from resizer.store.provenance import Provenance
from tests.conftest import BUCKET
from tests.store.writing import LATER, SEQUENCER, SOURCE, provenance


def is_newer(sequencer: str, than: str) -> bool | None:
    return provenance(sequencer=sequencer).is_newer(provenance(sequencer=than))


_sequencers = st.text("0123456789ABCDEFabcdef", min_size=1, max_size=6)


def test_another_key_is_another_source() -> None:
    """Sources differ if their keys do, but a sequencer is not part of the source."""
    assert provenance(key="scan").source_key != provenance(key="scan.jpg").source_key
    assert provenance() == provenance()._replace(sequencer=SEQUENCER)


def test_another_bucket_is_another_source() -> None:
    """The same key in another bucket is another source."""
    ours = provenance()
    assert ours.is_of(SourceObject(BUCKET, SOURCE))
    assert not ours.is_of(SourceObject("films", SOURCE))


def test_a_hash_of_the_key_alone_is_recognised() -> None:
    """Earlier versions hashed only the key: `0a6df48a27ef7db4` still means `cat.jpg`."""
    earlier = provenance()._replace(source_key="0a6df48a27ef7db4")
    assert earlier.is_of(SourceObject(BUCKET, "cat.jpg"))
    assert not earlier.is_of(SourceObject(BUCKET, "dog.jpg"))


def test_sequencers_compare_as_s3_says() -> None:
    """Sequencers compare as hex numbers of any case, the shorter one padded on the right with zeros."""
    for sequencer, than, newer in [
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
    ]:
        assert is_newer(sequencer, than) is newer


@given(_sequencers, _sequencers, _sequencers)
def test_sequencers_have_a_total_order(first: str, second: str, third: str) -> None:
    """Of two sequencers at most one is newer, as the padded numbers say, and the order is transitive."""
    longest = max(map(len, (first, second, third)))
    one, other = (int(each.ljust(longest, "0"), 16) for each in (first, second))
    assert is_newer(first, second) == (one > other)
    assert not (is_newer(first, second) and is_newer(second, first))
    assert is_newer(first, third) or not (is_newer(first, second) and is_newer(second, third))


@pytest.mark.parametrize("sequencer", [SEQUENCER, None])
def test_provenance_reads_back_from_metadata(sequencer: str | None) -> None:
    """A provenance written as user metadata is read back unchanged."""
    original = provenance(sequencer=sequencer)
    assert Provenance.read(original.as_metadata()) == original
