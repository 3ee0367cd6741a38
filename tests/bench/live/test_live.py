"""Measuring on AWS uses versions of its own, and leaves function and bucket as they were."""

import base64
import io
import json
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
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
from tests.bench.live.function import COLD, ENVIRONMENT, FUNCTION, TARGET, WARM
from tests.conftest import BUCKET
from tests.support.pictures import photo_like, saved
from tests.support.policies import allowed
from tests.support.stack import BUCKET_ARN, statements


@pytest.mark.parametrize("reason", [Reason.NEEDS_MEMORY, Reason.HANDED_OVER])
def test_forwarding_to_the_large_function_counts_as_a_refusal(reason: Reason) -> None:
    """An image that needs more memory counts as refused, whether the function rejects or forwards it."""
    answer = {"results": [{"outcome": "skipped", "reason": reason, "renditions": []}]}
    assert outcome_of(answer)[0] is Outcome.NEEDS_MEMORY


def test_the_stacks_own_bucket_is_suitable() -> None:
    """The role may read the originals and write the renditions, and no upload triggers the function."""
    here = workspace(TARGET, "1")
    assert here.bucket == BUCKET
    assert here.originals.startswith("resized/")  # which the trigger leaves out
    assert here.settings.output_prefix.startswith("resized/")
    role = statements("ResizeRole")
    assert allowed(role, "s3:GetObject", f"{BUCKET_ARN}/{here.originals}256/0/cat.jpg")
    assert allowed(role, "s3:PutObject", f"{BUCKET_ARN}/{here.settings.output_prefix}480-cat.jpg")


@pytest.mark.parametrize("prefix", ["resized/", ""])
def test_an_output_bucket_is_suitable(prefix: str) -> None:
    """In the output bucket the role may read and write, and no upload triggers the function."""
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
    """Measured versions forward nothing, send no rejections and use metrics without alarms; other settings stay."""
    settings = workspace(TARGET, "1").settings
    assert (settings.large_function, settings.rejections_queue_url) == (None, None)
    assert settings.defaults == Rule.of_widths((640, 480))
    assert workspace(TARGET, "1").environment["POWERTOOLS_SERVICE_NAME"] != ENVIRONMENT["POWERTOOLS_SERVICE_NAME"]


class Invoking:
    """A Lambda client that runs `process` in this process, with the version's settings."""

    def __init__(self, s3: Any, environment: Mapping[str, str], before: Callable[[], None] = lambda: None) -> None:
        self.s3 = s3
        self.settings = Settings.from_env(environment)
        self.before = before
        self.keys: list[str] = []

    def invoke(self, **request: Any) -> dict[str, Any]:
        """The response of one invocation; the first one is a cold start."""
        (record,) = json.loads(request.pop("Payload"))["Records"]
        assert request == {"FunctionName": FUNCTION, "Qualifier": "7", "LogType": "Tail"}
        stored = record["s3"]["object"]
        self.keys.append(unquote_plus(stored["key"]))
        self.before()
        source = SourceObject(BUCKET, self.keys[-1], etag=stored["eTag"], sequencer=stored["sequencer"])
        answer = {"results": [process(source, self.settings, self.s3).answer()]}
        return response(COLD if len(self.keys) == 1 else WARM, answer)


def response(log: str, payload: Any, **more: str) -> dict[str, Any]:
    body = json.dumps(payload).encode()
    encoded_log = base64.b64encode(log.encode()).decode()
    return {"StatusCode": 200, "LogResult": encoded_log, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more}


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    path = tmp_path / "cat.jpg"
    path.write_bytes(saved(photo_like(800, 600)))
    return Picture(path, 1.0, 0)


@pytest.fixture
def lambda_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Lambda's API for a 512 MB function: one version of 256 MB is published, then the settings are restored."""
    monkeypatch.setattr("bench.live.uuid.uuid4", lambda: type("Run", (), {"hex": "0123456789abcdef"}))
    functions = botocore.session.get_session().create_client("lambda", region_name="us-east-1")
    with Stubber(functions) as stubber:
        name = {"FunctionName": FUNCTION}

        def expect_configuration(memory_mb: int, environment: Mapping[str, str]) -> None:
            request = {**name, "MemorySize": memory_mb, "Environment": {"Variables": dict(environment)}}
            stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Successful"}}, name)
            stubber.add_response("update_function_configuration", {}, request)
            stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Successful"}}, name)

        expect_configuration(256, workspace(TARGET, "0123456789ab").environment)
        stubber.add_response("publish_version", {"Version": "7"}, {**name, "Description": "bench 256 MB"})
        expect_configuration(512, ENVIRONMENT)
        stubber.add_response("get_function_configuration", {"State": "Active"}, {**name, "Qualifier": "7"})
        stubber.add_response("delete_function", {}, {**name, "Qualifier": "7"})
        yield stubber


def rows(stubber: Stubber, invoking: Any, s3: Any, pictures: list[Picture], warm: int = 0, **more: Any) -> list[Row]:
    account, plan = Account(stubber.client, invoking, s3), Plan(pictures, (256,), warm)
    return list(measure_live(account, TARGET, plan, more.get("on_progress", lambda _: None)))


def invoking_at(s3: Any, before: Callable[[], None] = lambda: None) -> Invoking:
    return Invoking(s3, workspace(TARGET, "0123456789ab").environment, before)


def test_each_size_is_measured_on_its_own_version(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """Figures come from Lambda's reports; afterwards settings, versions and objects are as before."""
    s3.put_object(Bucket=BUCKET, Key="holiday.jpg", Body=b"somebody's")
    invoking = invoking_at(s3)
    (row,) = rows(lambda_api, invoking, s3, [picture], warm=1)
    assert (row.kind, row.outcome, row.init_ms, row.cold_ms) == (Kind.LIVE, Outcome.RESIZED, 299.5, 812.34)
    assert (row.warm_ms, row.billed_ms, row.peak_bytes) == ([120.1], [1112, 121], 80 * 1_048_576)
    assert invoking.keys == [f"resized/bench-0123456789ab/originals/256/{number}/cat.jpg" for number in range(2)]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["holiday.jpg"]
    lambda_api.assert_no_pending_responses()


def test_objects_are_deleted_without_listing_the_bucket(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """Objects are deleted by key, so s3:ListBucket is not needed and the bucket can be of any size."""

    class WithoutList:
        def __getattr__(self, name: str) -> Any:
            assert not name.startswith("list")
            assert name != "get_paginator"
            return getattr(s3, name)

    rows(lambda_api, invoking_at(s3), WithoutList(), [picture])
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_an_interruption_restores_everything(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """After Ctrl-C between two pictures, settings, versions and objects are as before."""

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
    """Ctrl-C during an invocation waits for its end, so that its renditions can be deleted."""

    def interrupt() -> None:
        main = threading.main_thread().ident or 0
        waiting: set[str] = set()
        while "result" not in waiting:  # until the main thread waits for the invocation
            waiting = {frame.name for frame in traceback.extract_stack(sys._current_frames()[main])}
        signal.pthread_kill(main, signal.SIGINT)

    invoking = invoking_at(s3, interrupt)
    with pytest.raises(KeyboardInterrupt):
        rows(lambda_api, invoking, s3, [picture])
    assert len(invoking.keys) == 1
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    lambda_api.assert_no_pending_responses()


def test_an_out_of_memory_kill_is_a_row(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """If a size runs out of memory, its row says so, the run continues, and its objects are deleted."""
    error = {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited: signal: killed"}

    class Killed(Invoking):
        def invoke(self, **asked: Any) -> dict[str, Any]:
            super().invoke(**asked)
            return response(COLD, error, FunctionError="Unhandled")

    (row,) = rows(lambda_api, Killed(s3, workspace(TARGET, "0123456789ab").environment), s3, [picture], warm=3)
    assert row.outcome is Outcome.OUT_OF_MEMORY
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_an_error_from_aws_is_one_readable_line(lambda_api: Stubber, picture: Picture, s3: Any) -> None:
    """A missing permission is one line with the function and the request, after everything is restored."""

    class Refusing:
        def invoke(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "Invoke")

    with pytest.raises(UsageError, match=rf"AWS refused a request while measuring {FUNCTION}.*Invoke"):
        rows(lambda_api, Refusing(), s3, [picture])
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    lambda_api.assert_no_pending_responses()
