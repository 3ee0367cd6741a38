"""The handler processes every record, answers by the contract, and logs and counts what happened."""

import json
import math
import os
import subprocess
import sys
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote_plus

import pytest

from resizer import deadline, handler, pipeline
from resizer.errors import OurFault, Reason, RecordsFailed, StorageError, UnknownEvent
from resizer.model import SourceObject
from resizer.report import Outcome
from resizer.s3 import clients
from tests.conftest import BUCKET, context
from tests.support.pictures import photo_like, saved
from tests.support.recording import RecordingS3, refusal


def notification(*keys: str) -> dict[str, Any]:
    names = [{"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key)}} for key in keys]
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": name} for name in names]}


class CurrentStdout:
    """Writes to the current `sys.stdout`, which pytest replaces for every test."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads the JSON lines that the handler has printed so far."""
    for log_handler in handler.logger.handlers:
        monkeypatch.setattr(log_handler, "stream", CurrentStdout())
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


INIT = """
import gc, sys

sys.modules["cykooz_resizer"] = None  # as if there were no wheel for this platform
from resizer import handler
from resizer.s3 import clients

before = clients.client.cache_info().currsize
clients.client("events"), clients.s3()
print([gc.isenabled(), before, clients.client.cache_info().currsize])
"""


def test_the_import_prepares_the_environment() -> None:
    """Lambda's init makes the clients of every invocation, warns if Pillow resizes, and turns garbage collection on."""
    environment = {**os.environ, "RESIZER_EVENT_BUS": "pictures", "AWS_DEFAULT_REGION": "eu-central-1"}
    done = subprocess.run([sys.executable, "-c", INIT], check=True, capture_output=True, text=True, env=environment)
    warning, state = map(json.loads, done.stdout.lower().splitlines())
    assert (warning["level"], "takes more cpu" in warning["message"]) == ("warning", True)
    assert state == [True, 2, 2]


def test_the_answer_has_the_contracts_fields(s3: Any) -> None:
    """Each record has a result, in order, with outcome, reason and renditions, narrowest first."""
    s3.put_object(Bucket=BUCKET, Key="my cat.jpg", Body=saved(photo_like(1200, 800)))
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    resized, rejected = handler.lambda_handler(notification("my cat.jpg", "note.txt"), context())["results"]
    assert [each["key"] for each in resized["renditions"]] == [
        "resized/480-my cat.jpg",
        "resized/640-my cat.jpg",
        "resized/1000-my cat.jpg",
    ]
    smallest = resized["renditions"][0]
    size = s3.head_object(Bucket=BUCKET, Key=smallest["key"])["ContentLength"]
    assert smallest == {
        "name": "480", "key": "resized/480-my cat.jpg",
        "width": 480, "height": 320, "bytes": size, "content_type": "image/jpeg",
    }  # fmt: skip
    del resized["renditions"]
    assert resized == {"bucket": BUCKET, "key": "my cat.jpg", "outcome": "resized", "reason": None, "placeholder": None}
    assert rejected == {
        "bucket": BUCKET, "key": "note.txt", "outcome": "rejected", "reason": "not_an_image", "renditions": [],
        "placeholder": None,
    }  # fmt: skip


def test_a_failing_record_does_not_stop_the_others(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All records are processed before an error lists the failed ones by bucket and key."""
    process = pipeline.process

    def failing(source: Any, *others: Any) -> Any:
        if source.key == "bad.jpg":
            raise StorageError(f"GET {source.uri} failed: 503")
        if source.key == "odd.jpg":
            raise RuntimeError("a bug")
        return process(source, *others)

    monkeypatch.setattr(handler, "process", failing)
    s3.put_object(Bucket=BUCKET, Key="good.jpg", Body=saved(photo_like(100, 80)))
    with pytest.raises(RecordsFailed, match=f"2 record.*s3://{BUCKET}/bad.jpg.*s3://{BUCKET}/odd.jpg.*a bug"):
        handler.lambda_handler(notification("bad.jpg", "odd.jpg", "good.jpg"), context())
    assert s3.head_object(Bucket=BUCKET, Key="resized/480-good.jpg")["ContentLength"] > 0


def test_a_bug_is_logged_with_its_traceback(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours, also one in a hook of Pillow, is logged with its traceback, and the record names its object."""
    for bug in (OurFault("read failed"), TypeError("a bug")):
        monkeypatch.setattr(handler, "process", Mock(side_effect=bug))
        with pytest.raises(RecordsFailed, match=f"s3://{BUCKET}/cat.jpg"):
            handler.lambda_handler(notification("cat.jpg"), context())
        traceback, failure, _ = log()
        assert (traceback["exception_name"], traceback["key"]) == (type(bug).__name__, "cat.jpg")
        assert (failure["outcome"], failure["reason"]) == ("failed", "unexpected")


def test_the_time_limit_ends_with_the_invocation(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """During an invocation work has its remaining time; afterwards, as in the local service, there is no limit."""
    remaining: list[float] = []

    def fail(source: Any, *_: Any) -> None:
        remaining.append(deadline.remaining())
        raise StorageError(f"GET {source.uri} failed: 503")

    monkeypatch.setattr(handler, "process", fail)
    with pytest.raises(RecordsFailed):
        handler.lambda_handler(notification("cat.jpg"), context())
    assert 59 < remaining[0] <= 60
    assert deadline.remaining() == math.inf


def test_an_unknown_event_is_an_error_that_says_what_was_expected() -> None:
    """An event of another service raises an error that names the expected shape."""
    with pytest.raises(UnknownEvent, match="expected an S3 notification"):
        handler.lambda_handler({"httpMethod": "GET"}, context())


def test_each_record_has_a_log_line(s3: Any, log: Any) -> None:
    """A record's log line has outcome, sizes, times and memory, but neither the event nor credentials."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(1200, 800)))
    handler.lambda_handler(notification("cat.jpg"), context())
    line = next(entry for entry in log() if entry.get("outcome"))
    times = {"decode_ms", "resize_ms", "encode_ms", "upload_ms", "total_ms"}
    assert line["bucket"] == BUCKET
    assert (line["key"], line["outcome"], line["format"], line["pixels"]) == ("cat.jpg", "resized", "JPEG", 960_000)
    assert line["source_bytes"] == s3.head_object(Bucket=BUCKET, Key="cat.jpg")["ContentLength"]
    assert all(line[name] > 0 for name in times | {"peak_rss", "rendition_bytes"})
    assert not any(word in json.dumps(line) for word in ("Records", "ACCESS_KEY", "x-amz"))


def test_a_failed_record_keeps_its_figures(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a record that failed half way has its times, bytes and format."""
    body = saved(photo_like(1200, 800))
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=body)
    refusing = RecordingS3(s3, {"put_object": refuse})
    monkeypatch.setattr(clients, "s3", lambda: refusing)
    report = handler._attempt(SourceObject(BUCKET, "cat.jpg"), [])
    assert (report.outcome, report.reason, report.bytes_in) == (Outcome.FAILED, Reason.STORAGE, len(body))
    assert report.header is not None
    assert report.milliseconds.keys() >= {"decode", "resize", "encode"}
    assert report.total_ms >= sum(report.milliseconds.values()) > 0


def refuse(_: dict[str, Any]) -> None:
    raise refusal("SlowDown", "PutObject")


def test_metrics_count_images_and_rejections(s3: Any, log: Any) -> None:
    """An invocation prints one line of metrics, and one for each rejection's reason."""
    handler._environment["cold"] = True
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(1200, 800)))
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    results = handler.lambda_handler(notification("cat.jpg", "note.txt"), context())["results"]
    counted, by_reason = [entry for entry in log() if "_aws" in entry]
    assert (by_reason["reason"], by_reason["Rejected"]) == ("not_an_image", [1])
    assert {name: counted[name] for name in ("Images", "Renditions", "Rejected", "Failed", "ColdStart")} == {
        "Images": [1], "Renditions": [3], "Rejected": [1], "Failed": [0], "ColdStart": [1],
    }  # fmt: skip
    assert counted["BytesOut"] == [sum(each["bytes"] for each in results[0]["renditions"])]
    assert len(counted["ProcessingMs"]) == 2


def test_only_the_first_invocation_counts_as_a_cold_start(s3: Any, log: Any) -> None:
    """A warm invocation counts no `ColdStart`, and without work it prints no metrics."""
    handler._environment["cold"] = True
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    for key in ("note.txt", "note.txt", "resized/480-cat.jpg"):
        handler.lambda_handler(notification(key), context())
    counted = [entry for entry in log() if "Images" in entry]
    assert ["ColdStart" in entry for entry in counted] == [True, False]


@pytest.mark.parametrize("first", [{"warm": True}, notification("resized/480-cat.jpg")])
def test_a_cold_start_counts_even_without_work(s3: Any, log: Any, first: dict[str, Any]) -> None:
    """The first invocation in an environment counts `ColdStart`, even if it has nothing to do."""
    handler._environment["cold"] = True
    s3.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    for event in (first, notification("note.txt")):
        handler.lambda_handler(event, context())
    counted = [entry for entry in log() if "Images" in entry]
    assert [(entry.get("ColdStart"), entry["Rejected"]) for entry in counted] == [([1], [0]), (None, [1])]
