"""Measuring on AWS restores everything: `bench.live`, with a stub of Lambda's API, the real pipeline, and moto's S3."""

from __future__ import annotations

import base64
import io
import json
import signal
import sys
import threading
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from bench.account import Account
from bench.live import measure_live, workspace
from bench.measure import outcome_of
from bench.pictures import Picture
from bench.plan import Plan
from bench.rows import Kind, Outcome, Row
from resizer.errors import Reason, UsageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.planning.guard import reason_to_skip
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.conftest import BUCKET
from tests.support.pictures import photo_like, saved
from tests.support.policies import allowed
from tests.support.stack import BUCKET_ARN, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
from tests.bench.live.function import COLD, ENVIRONMENT, FUNCTION, TARGET, WARM


@pytest.mark.parametrize("reason", [Reason.NEEDS_MEMORY, Reason.HANDED_OVER])
def test_pictures_for_the_large_function_need_memory(reason: Reason) -> None:
    """Rejected and forwarded pictures both count as `needs_memory`, so that pairs of sizes can be priced."""
    answer = {"results": [{"outcome": "skipped", "reason": reason, "renditions": []}]}
    assert outcome_of(answer)[0] is Outcome.NEEDS_MEMORY


def test_the_stacks_own_bucket_is_suitable() -> None:
    """Originals and renditions have keys that the stack's role can read and write, and that do not trigger it."""
    here = workspace(TARGET, "1")
    assert here.bucket == BUCKET
    assert here.originals.startswith("resized/")  # the trigger excludes it
    assert here.settings.output_prefix.startswith("resized/")
    role = statements("ResizeRole")
    assert allowed(role, "s3:GetObject", f"{BUCKET_ARN}/{here.originals}256/0/cat.jpg")
    assert allowed(role, "s3:PutObject", f"{BUCKET_ARN}/{here.settings.output_prefix}480-cat.jpg")


@pytest.mark.parametrize("prefix", ["resized/", ""])
def test_an_output_bucket_is_suitable(prefix: str) -> None:
    """Originals and renditions go to the output bucket: the role can read and write there, and nothing is triggered."""
    elsewhere = {**ENVIRONMENT, "RESIZER_OUTPUT_BUCKET": "thumbs", "RESIZER_OUTPUT_PREFIX": prefix}
    here = workspace(replace(TARGET, environment=elsewhere, bucket="thumbs"), "1")
    assert (here.settings.output_bucket, here.settings.buckets) == (None, frozenset({"thumbs"}))
    role = statements("ResizeRole", OutputBucket="thumbs", OutputPrefix=prefix)
    original = SourceObject("thumbs", f"{here.originals}256/0/cat.jpg")
    assert reason_to_skip(original, here.settings) is None
    assert allowed(role, "s3:GetObject", f"arn:aws:s3:::thumbs/{original.key}")
    assert allowed(role, "s3:PutObject", f"arn:aws:s3:::thumbs/{here.settings.output_prefix}480-cat.jpg")
    assert not allowed(role, "s3:PutObject", f"{BUCKET_ARN}/{here.settings.output_prefix}480-cat.jpg")


def test_measured_versions_notify_nobody() -> None:
    """They forward nothing, send no rejections, and have metrics of their own; all other settings stay."""
    settings = workspace(TARGET, "1").settings
    assert (settings.large_function, settings.rejections_queue_url) == (None, None)
    assert settings.defaults == Rule.of_widths((640, 480))
    assert workspace(TARGET, "1").environment["POWERTOOLS_SERVICE_NAME"] != ENVIRONMENT["POWERTOOLS_SERVICE_NAME"]


class Invoking:
    """Replaces Lambda's Invoke: runs the pipeline with the version's settings."""

    def __init__(self, s3: Any, environment: Mapping[str, str], before: Callable[[], None] = lambda: None) -> None:
        self.s3 = s3
        self.settings = Settings.from_env(environment)
        self.before = before
        self.keys: list[str] = []

    def invoke(self, **asked: Any) -> dict[str, Any]:
        """Answer one invocation; the first one is a cold start."""
        (record,) = json.loads(asked.pop("Payload"))["Records"]
        assert asked == {"FunctionName": FUNCTION, "Qualifier": "7", "LogType": "Tail"}
        stored = record["s3"]["object"]
        self.keys.append(unquote_plus(stored["key"]))
        self.before()
        source = SourceObject(BUCKET, self.keys[-1], etag=stored["eTag"], sequencer=stored["sequencer"])
        answer = {"results": [process(source, self.settings, self.s3).answer()]}
        return answered(COLD if len(self.keys) == 1 else WARM, answer)


def answered(log: str, payload: Any, **more: str) -> dict[str, Any]:
    body = json.dumps(payload).encode()
    logged = base64.b64encode(log.encode()).decode()
    return {"StatusCode": 200, "LogResult": logged, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more}


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    path = tmp_path / "cat.jpg"
    path.write_bytes(saved(photo_like(800, 600)))
    return Picture(path, 1.0, 0)


@pytest.fixture
def lambda_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A function with 512 MB: expects one version with 256 MB, and its settings restored."""
    monkeypatch.setattr("bench.live.uuid.uuid4", lambda: type("Run", (), {"hex": "0123456789abcdef"}))
    functions = botocore.session.get_session().create_client("lambda", region_name="us-east-1")
    with Stubber(functions) as stubber:
        named = {"FunctionName": FUNCTION}

        def configured(memory_mb: int, environment: Mapping[str, str]) -> None:
            asked = {**named, "MemorySize": memory_mb, "Environment": {"Variables": dict(environment)}}
            stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Successful"}}, named)
            stubber.add_response("update_function_configuration", {}, asked)
            stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Successful"}}, named)

        configured(256, workspace(TARGET, "0123456789ab").environment)
        stubber.add_response("publish_version", {"Version": "7"}, {**named, "Description": "bench 256 MB"})
        configured(512, ENVIRONMENT)
        stubber.add_response("get_function_configuration", {"State": "Active"}, {**named, "Qualifier": "7"})
        stubber.add_response("delete_function", {}, {**named, "Qualifier": "7"})
        yield stubber


def rows(stubber: Stubber, invoking: Any, s3: Any, pictures: list[Picture], warm: int = 0, **more: Any) -> list[Row]:
    account, plan = Account(stubber.client, invoking, s3), Plan(pictures, (256,), warm)
    return list(measure_live(account, TARGET, plan, more.get("on_progress", lambda _: None)))


def invoking_at(s3: Any, before: Callable[[], None] = lambda: None) -> Invoking:
    return Invoking(s3, workspace(TARGET, "0123456789ab").environment, before)


def test_each_size_gets_a_version_and_everything_is_restored(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """The figures come from Lambda's reports; settings, versions and objects are as before."""
    s3.put_object(Bucket=BUCKET, Key="holiday.jpg", Body=b"somebody's")
    invoking = invoking_at(s3)
    (row,) = rows(lambda_api, invoking, s3, [picture], warm=1)
    assert (row.kind, row.outcome, row.init_ms, row.cold_ms) == (Kind.LIVE, Outcome.RESIZED, 299.5, 812.34)
    assert (row.warm_ms, row.billed_ms, row.peak_bytes) == ([120.1], [1112, 121], 80 * 1_048_576)
    assert invoking.keys == [f"resized/bench-0123456789ab/originals/256/{number}/cat.jpg" for number in range(2)]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["holiday.jpg"]
    lambda_api.assert_no_pending_responses()


def test_nothing_is_listed(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """Objects are deleted by their keys, so s3:ListBucket is not needed, and large buckets do not matter."""

    class WithoutListing:
        def __getattr__(self, name: str) -> Any:
            assert not name.startswith("list")
            assert name != "get_paginator"
            return getattr(s3, name)

    rows(lambda_api, invoking_at(s3), WithoutListing(), [picture])
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_an_interruption_restores_everything(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """Ctrl-C between two pictures leaves no version, setting or object behind."""

    def interrupt(what: str) -> None:
        if what.endswith("dog.jpg"):
            raise KeyboardInterrupt

    dog = Picture(picture.path.with_name("dog.jpg"), 1.0, 0)
    with pytest.raises(KeyboardInterrupt):
        rows(lambda_api, invoking_at(s3), s3, [picture, dog], on_progress=interrupt)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    lambda_api.assert_no_pending_responses()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_invocation_leaves_no_renditions(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """Ctrl-C waits for the running invocation, because its renditions must be deleted, too."""

    def interrupt() -> None:
        main = threading.main_thread().ident or 0
        waiting: set[str] = set()
        while "result" not in waiting:  # the invocation starts before the main thread waits for it
            waiting = {frame.name for frame in traceback.extract_stack(sys._current_frames()[main])}
        signal.pthread_kill(main, signal.SIGINT)

    invoking = invoking_at(s3, interrupt)
    with pytest.raises(KeyboardInterrupt):
        rows(lambda_api, invoking, s3, [picture])
    assert len(invoking.keys) == 1
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    lambda_api.assert_no_pending_responses()


def test_running_out_of_memory_is_a_row(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """The row says it, the run continues, and renditions that were already written are deleted."""
    error = {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited: signal: killed"}

    class Killed(Invoking):
        def invoke(self, **asked: Any) -> dict[str, Any]:
            super().invoke(**asked)
            return answered(COLD, error, FunctionError="Unhandled")

    (row,) = rows(lambda_api, Killed(s3, workspace(TARGET, "0123456789ab").environment), s3, [picture], warm=3)
    assert row.outcome is Outcome.OUT_OF_MEMORY
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_refused_request_is_one_readable_line(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """The error names the function and the request, and everything is restored."""

    class Refusing:
        def invoke(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "Invoke")

    with pytest.raises(UsageError, match=rf"AWS refused a request while measuring {FUNCTION}.*Invoke"):
        rows(lambda_api, Refusing(), s3, [picture])
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    lambda_api.assert_no_pending_responses()
