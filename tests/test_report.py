"""A report gives the contract's answer and the fields of the log line."""

import io
import json
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from resizer.errors import Reason
from resizer.memory import process
from resizer.memory.process import peak
from resizer.model import Format, Placeholder, SourceObject, StoredRendition
from resizer.publish.manifest import Manifest
from resizer.report import STAGES, Outcome, Report
from tests.conftest import Download
from tests.support.pictures import header
from tests.support.plans import rendition_plan
from tests.support.streams import stream_of

SOURCE = SourceObject("photos", "cat.jpg", etag="0123", size=9000, sequencer="00")
RENDITIONS = (
    StoredRendition(rendition_plan("resized/480-cat.jpg", 480, 360, Format.JPEG), 33132),
    StoredRendition(rendition_plan("resized/480-cat.jpg.webp", 480, 360, Format.WEBP), 20000),
)
MANIFEST = Manifest(
    SOURCE, "0123", 9000, header(4000, 3000), "photos", RENDITIONS, Placeholder("4PcBFYSjOnZ4nceTo+DZ", "#c82828")
)


def test_the_answer_has_the_contracts_fields() -> None:
    """The answer for a resized source has exactly the contract's fields."""
    assert Report(SOURCE, manifest=MANIFEST).finish(Outcome.RESIZED).answer() == {
        "bucket": "photos",
        "key": "cat.jpg",
        "outcome": "resized",
        "reason": None,
        "renditions": [
            {
                "name": "480",
                "key": "resized/480-cat.jpg",
                "width": 480,
                "height": 360,
                "bytes": 33132,
                "content_type": "image/jpeg",
            },
            {
                "name": "480",
                "key": "resized/480-cat.jpg.webp",
                "width": 480,
                "height": 360,
                "bytes": 20000,
                "content_type": "image/webp",
            },
        ],
        "placeholder": {"thumbhash": "4PcBFYSjOnZ4nceTo+DZ", "color": "#c82828"},
    }


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.SKIPPED, Reason.OUTPUT_PREFIX),
        (Outcome.SKIPPED, Reason.ALREADY_DONE),
        (Outcome.REJECTED, Reason.NOT_AN_IMAGE),
        (Outcome.FAILED, Reason.STORAGE),
        (Outcome.REMOVED, None),
    ],
)
def test_every_outcome_has_the_same_fields(outcome: Outcome, reason: Reason | None) -> None:
    """Every outcome has the same fields, with plain text for outcome and reason."""
    answer = Report(SOURCE).finish(outcome, reason, "why").answer()
    expected = {"bucket": "photos", "key": "cat.jpg", "outcome": outcome.value, "reason": reason and reason.value}
    assert answer == {**expected, "renditions": [], "placeholder": None}
    assert json.loads(json.dumps(answer)) == answer


def test_the_outcomes_are_those_of_the_contract() -> None:
    """There are five outcomes, spelt as in the contract."""
    assert {each.value for each in Outcome} == {"resized", "skipped", "rejected", "removed", "failed"}


def test_the_log_line_has_all_fields() -> None:
    """The log line of a resized image has source, outcome, sizes, times and memory."""
    report = Report(SOURCE, header=header(4000, 3000, orientation=6), bytes_in=9000, manifest=MANIFEST)
    for stage, milliseconds in (
        ("decode", 12.345),
        ("resize", 1.0),
        ("encode", 2.0),
        ("encode", 3.04),
        ("upload", 9.0),
    ):
        report.milliseconds[stage] += milliseconds
    report.warnings.append("The colour profile is ignored.")
    report.finish(Outcome.RESIZED)
    fields = report.log_fields()
    assert fields.pop("total_ms") == round(report.total_ms, 1)
    assert report.peak_rss is not None
    assert 10**6 < report.peak_rss <= peak()
    assert fields.pop("peak_rss") == report.peak_rss
    assert fields == {
        "bucket": "photos",
        "key": "cat.jpg",
        "outcome": "resized",
        "reason": None,
        "detail": None,
        "source_bytes": 9000,
        "format": "JPEG",
        "width": 3000,
        "height": 4000,
        "pixels": 12_000_000,
        "rendition_sizes": ["480x360", "480x360"],
        "rendition_bytes": 53132,
        "decode_ms": 12.3,
        "resize_ms": 1.0,
        "encode_ms": 5.0,
        "upload_ms": 9.0,
        "warnings": ["The colour profile is ignored."],
    }


PEAKS = """
from resizer.model import SourceObject
from resizer.report import Outcome, Report

for size in (100_000_000, 1):
    report = Report(SourceObject("photos", "cat.jpg"))
    bytearray(b"x") * size
    print(report.finish(Outcome.RESIZED, None).peak_rss)
"""


def test_peak_memory_is_measured_per_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier image's peak does not count for a later one; if the system cannot reset it, the field is null."""
    done = subprocess.run([sys.executable, "-c", PEAKS], check=True, capture_output=True, text=True)
    large, small = map(int, done.stdout.split())
    assert large > small + 90_000_000
    monkeypatch.setattr(process, "CLEAR_REFS", Path("/nonexistent/clear_refs"))
    assert Report(SOURCE).finish(Outcome.RESIZED, None).log_fields()["peak_rss"] is None


def test_a_skipped_image_has_the_same_log_fields() -> None:
    """If nothing was fetched, the log line has all fields, empty, so that queries need no special case."""
    opened = Report(SOURCE, header=header(4, 3), manifest=MANIFEST).finish(Outcome.RESIZED).log_fields()
    skipped = Report(SOURCE).finish(Outcome.SKIPPED, Reason.OUTPUT_PREFIX, "it is an output").log_fields()
    assert skipped.keys() == opened.keys()
    assert (skipped["reason"], skipped["detail"]) == ("output_prefix", "it is an output")
    assert [skipped[name] for name in ("format", "width", "height", "pixels")] == [None] * 4
    assert [skipped[f"{stage}_ms"] for stage in STAGES] == [0.0] * 4


def test_log_fields_are_plain_and_short() -> None:
    """A log line has only numbers and short texts, less than 1,000 characters in all."""
    report = Report(SOURCE, header=header(4000, 3000), manifest=MANIFEST).finish(Outcome.RESIZED)
    for name, value in report.log_fields().items():
        values = value if name in {"rendition_sizes", "warnings"} else [value]
        assert all(type(each) in {str, int, float, type(None)} for each in values), name
    assert len(json.dumps(report.log_fields())) < 1000


def test_a_stage_is_timed_even_if_it_fails() -> None:
    """The time of a stage that raises counts, and several blocks of a stage add up."""
    report = Report(SOURCE)
    with pytest.raises(ZeroDivisionError), report.timed("decode"):
        raise ZeroDivisionError
    once = report.milliseconds["decode"]
    with report.timed("decode"):
        pass
    assert 0 < once < report.milliseconds["decode"]


def test_a_nested_stage_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a nested stage counts for that stage, and not for the one around it."""
    now = [0.0]
    monkeypatch.setattr("resizer.report.time.perf_counter", lambda: now[0])
    report = Report(SOURCE)

    def decoded() -> Iterator[int]:
        for number in range(3):
            now[0] += 2
            yield number

    with report.timed("resize"):
        now[0] += 1
        assert list(report.each("decode", decoded())) == [0, 1, 2]
        now[0] += 4
    assert report.milliseconds == {"decode": 6000, "resize": 5000, "encode": 0, "upload": 0}


def test_a_timed_item_is_released_before_the_next() -> None:
    """`each` holds no reference to an item while it makes the next one, because pictures are large."""
    alive: list[weakref.ref[set[int]]] = []

    def items() -> Iterator[set[int]]:
        for _ in range(3):
            assert all(each() is None for each in alive)
            yield {len(alive)}

    timed = Report(SOURCE).each("resize", items())
    while len(alive) < 3:
        alive.append(weakref.ref(next(timed)))


def test_downloaded_bytes_are_counted_after_an_error() -> None:
    """The downloaded bytes are in the report even if decoding fails."""
    report = Report(SOURCE)
    stream = stream_of(Download(b"nine byte"), 9)
    stream.read()
    with pytest.raises(io.UnsupportedOperation), report.counting(stream):
        stream.seek(-1)
    assert report.finish(Outcome.FAILED, Reason.UNEXPECTED, None).log_fields()["source_bytes"] == 9
