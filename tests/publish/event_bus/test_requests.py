"""Events go out in as few requests as EventBridge allows; refused entries are retried, large ones shortened."""

import json
import math
import time
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from resizer import deadline
from resizer.errors import DeliveryError, Reason
from resizer.model import Placeholder, SourceObject, StoredRendition
from resizer.publish.event_bus import MAX_BYTES, send
from resizer.publish.manifest import Manifest
from resizer.report import Outcome, Removed, Report
from resizer.s3 import clients
from tests.support.pictures import header
from tests.support.plans import rendition_plan

BUS = "pictures"


class Bus:
    """A fake EventBridge: records requests, and refuses a source as many times as `refusing` says."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, str]]] = []
        self.refusing: dict[str, int] = {}

    def send(self, service: str, operation: str, **request: Any) -> Any:
        assert (service, operation) == ("events", "put_events")
        self.requests.append(request["Entries"])
        return {"Entries": [self._answer(json.loads(entry["Detail"])) for entry in request["Entries"]]}

    def _answer(self, detail: dict[str, Any]) -> dict[str, str]:
        key = detail["source"]["key"]
        if self.refusing.get(key, 0) > 0:
            self.refusing[key] -= 1
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
        return {"EventId": "1"}

    @property
    def keys(self) -> list[list[str]]:
        return [[json.loads(entry["Detail"])["source"]["key"] for entry in request] for request in self.requests]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    monkeypatch.setattr("resizer.publish.event_bus.time.sleep", lambda _: None)
    fake = Bus()
    monkeypatch.setattr(clients, "send", fake.send)
    return fake


def rejected(key: str, detail: str = "why") -> Report:
    return Report(SourceObject("photos", key)).finish(Outcome.REJECTED, Reason.NOT_AN_IMAGE, detail)


def resized(key: str, widths: range) -> Report:
    source = SourceObject("photos", key)
    stored = tuple(StoredRendition(rendition_plan(f"resized/{width}-{key}", width, width), 9) for width in widths)
    manifest = Manifest(source, "0123", 9, header(40_000, 40_000), "photos", stored, Placeholder("4Pc=", "#c82828"))
    return Report(source, manifest=manifest).finish(Outcome.RESIZED)


@pytest.mark.parametrize(("count", "requests"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_a_request_has_at_most_ten_entries(bus: Bus, count: int, requests: list[int]) -> None:
    """Requests have ten entries, EventBridge's limit, except for the last."""
    reports = [rejected(f"{number}.txt") for number in range(count)]
    assert send(reports, BUS) == []
    assert [len(request) for request in bus.requests] == requests
    assert list(chain.from_iterable(bus.keys)) == [report.source.key for report in reports]


def test_a_request_has_at_most_256_kb(bus: Bus) -> None:
    """Entries that exceed 256 kB together are split over several requests."""
    send([rejected(f"{number}.txt", "é" * 50_000) for number in range(5)], BUS)
    assert [len(request) for request in bus.requests] == [2, 2, 1]
    assert all(size(request) <= MAX_BYTES for request in bus.requests)


def size(request: list[dict[str, str]]) -> int:
    return sum(len((each["Source"] + each["DetailType"] + each["Detail"]).encode()) for each in request)


def test_only_refused_entries_are_retried(bus: Bus) -> None:
    """EventBridge answers for each entry, and accepted entries are not sent again."""
    bus.refusing = {"1.txt": 1, "2.txt": 2}
    reports = [rejected(f"{number}.txt") for number in range(4)]
    assert send(reports, BUS) == []
    assert bus.keys == [["0.txt", "1.txt", "2.txt", "3.txt"], ["1.txt", "2.txt"], ["2.txt"]]


def test_an_entry_refused_three_times_fails(bus: Bus) -> None:
    """After three attempts the source's report is a failure with the reason; other reports stay."""
    bus.refusing = {"1.txt": 99}
    reports = [rejected(f"{number}.txt") for number in range(2)]
    [failed] = send(reports, BUS)
    assert failed is reports[1]
    assert reports[0].outcome is Outcome.REJECTED
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Reason.DELIVERY)
    assert "s3://photos/1.txt" in str(failed.detail)
    assert "ThrottlingException: Rate exceeded" in str(failed.detail)
    assert len(bus.requests) == 3


def test_a_failed_request_fails_only_its_own_entries(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the second of two requests fails, the ten events of the first are sent."""

    def fail_the_second(*arguments: Any, **request: Any) -> Any:
        if len(bus.requests) == 1:
            raise DeliveryError("put_events to pictures failed: reset")
        return bus.send(*arguments, **request)

    monkeypatch.setattr(clients, "send", fail_the_second)
    reports = [rejected(f"{number}.txt") for number in range(12)]
    assert send(reports, BUS) == reports[10:]
    assert [report.outcome for report in reports] == [Outcome.REJECTED] * 10 + [Outcome.FAILED] * 2


def test_no_request_outlasts_the_invocation(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time left nothing is sent, and the report fails as `out_of_time`."""
    monkeypatch.setattr(deadline, "ends_at", time.monotonic() + 0.6)
    [report] = send([rejected("1.txt")], BUS)
    assert (report.outcome, report.reason) == (Outcome.FAILED, Reason.OUT_OF_TIME)


@pytest.mark.parametrize(
    ("key", "count", "left_out"),
    [
        ("cat.jpg", 20, None),
        ("k" * 900, 60, None),
        ("日" * 300, 50, ["srcset"]),
        ("日" * 300, 100, ["srcset", "renditions"]),
    ],
)
def test_a_large_event_leaves_out_srcset_then_renditions(
    bus: Bus, key: str, count: int, left_out: list[str] | None
) -> None:
    """Above 256 kB an event leaves out `srcset`, then `renditions`, and lists them in `left_out`."""
    report = resized(key, range(1, count + 1))
    assert send([report], BUS) == []
    [[entry]] = bus.requests
    assert size([entry]) <= MAX_BYTES
    detail = json.loads(entry["Detail"])
    assert detail.pop("left_out", None) == left_out
    assert report.manifest is not None
    full = report.manifest.content()
    assert detail == {name: value for name, value in full.items() if name not in (left_out or ())}


def test_a_large_removal_leaves_out_its_renditions(bus: Bus) -> None:
    """A removal with too many keys leaves them out and says so."""
    keys = tuple(f"resized/{number}-{'日' * 330}" for number in range(100))
    report = replace(rejected("cat.jpg"), outcome=Outcome.REMOVED, removed=Removed("photos", keys))
    send([report], BUS)
    [[entry]] = bus.requests
    assert json.loads(entry["Detail"]) == {
        "version": 1, "source": {"bucket": "photos", "key": "cat.jpg"}, "bucket": "photos", "left_out": ["renditions"],
    }  # fmt: skip


def test_pauses_between_attempts_are_short(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a pause before each of the two retries, together less than a second."""
    pauses: list[float] = []
    monkeypatch.setattr("resizer.publish.event_bus.time.sleep", pauses.append)
    bus.refusing = {"1.txt": 99}
    send([rejected("1.txt")], BUS)
    assert len(pauses) == 2
    assert 0 < math.fsum(pauses) < 1
