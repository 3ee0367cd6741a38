"""Measuring on AWS: `bench.live`, with Lambda's API stubbed and S3 served by moto."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from bench.live import Account, measure_live, read_report
from bench.pictures import Picture
from bench.rows import Ending, Kind
from resizer.errors import UsageError
from tests.conftest import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTION = "resize"
COLD = (
    "START RequestId: 1\nREPORT RequestId: 1\tDuration: 812.34 ms\tBilled Duration: 1112 ms\tMemory Size: 256 MB\t"
    "Max Memory Used: 74 MB\tInit Duration: 299.50 ms\t\n"
)
WARM = (
    "REPORT RequestId: 2\tDuration: 120.10 ms\tBilled Duration: 121 ms\tMemory Size: 256 MB\tMax Memory Used: 80 MB\n"
)
RESIZED = {"results": [{"outcome": "resized", "reason": None}]}


def test_a_report_line_is_read_whole() -> None:
    """Duration, billed duration, memory and initialisation come from their own fields, in any REPORT line."""
    cold, warm = read_report(COLD), read_report(WARM)
    assert (cold.duration_ms, cold.billed_ms, cold.max_memory_mb, cold.init_ms) == (812.34, 1112, 74, 299.5)
    assert (warm.duration_ms, warm.billed_ms, warm.max_memory_mb, warm.init_ms) == (120.1, 121, 80, None)


def test_a_log_without_a_report_is_named() -> None:
    """What cannot be read is no figure."""
    with pytest.raises(UsageError, match="without a REPORT line"):
        read_report("START RequestId: 1\n")


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A file that the stubbed function never opens."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"cat")
    return Picture(path, 1.0, 0)


@pytest.fixture
def account(s3: Any) -> Iterator[tuple[Account, Stubber]]:
    """A function with 512 MB, which is asked for one version of 256 MB."""
    session = botocore.session.get_session()
    functions = session.create_client(
        "lambda",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 # anything will do
    )
    with Stubber(functions) as stubber:
        named = {"FunctionName": FUNCTION}
        stubber.add_response("get_function_configuration", {"MemorySize": 512}, named)
        stubber.add_response("update_function_configuration", {}, {**named, "MemorySize": 256})
        stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Successful"}}, named)
        stubber.add_response("publish_version", {"Version": "7"}, {**named, "Description": "bench 256 MB"})
        stubber.add_response("get_function_configuration", {"State": "Active"}, {**named, "Qualifier": "7"})
        yield Account(FUNCTION, BUCKET, functions, s3), stubber


def invoked(stubber: Stubber, log: str, payload: dict[str, Any], **more: str) -> None:
    """The next invocation ends like this."""
    body = json.dumps(payload).encode()
    answer = {
        "StatusCode": 200,
        "LogResult": base64.b64encode(log.encode()).decode(),
        "Payload": StreamingBody(io.BytesIO(body), len(body)),
        **more,
    }
    asked = {"FunctionName": FUNCTION, "Qualifier": "7", "LogType": "Tail", "Payload": ANY}
    stubber.add_response("invoke", answer, asked)


def put_back(stubber: Stubber) -> None:
    """The clean-up that every run has to end with."""
    named = {"FunctionName": FUNCTION}
    stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Successful"}}, named)
    stubber.add_response("update_function_configuration", {}, {**named, "MemorySize": 512})
    stubber.add_response("delete_function", {}, {**named, "Qualifier": "7"})


def test_each_size_is_measured_on_a_version_of_its_own_and_all_is_put_back(
    account: tuple[Account, Stubber], picture: Picture, s3: Any
) -> None:
    """Cold and warm figures come from REPORT lines; memory, version and objects are as before afterwards."""
    aws, stubber = account
    s3.put_object(Bucket=BUCKET, Key="holiday.jpg", Body=b"somebody's")
    invoked(stubber, COLD, RESIZED)
    invoked(stubber, WARM, RESIZED)
    put_back(stubber)
    (row,) = measure_live(aws, [picture], [256], 1, lambda _: None)
    assert (row.kind, row.ending, row.init_ms, row.cold_ms) == (Kind.LIVE, Ending.RESIZED, 299.5, 812.34)
    assert (row.warm_ms, row.billed_ms, row.peak_bytes) == ([120.1], [1112, 121], 80 * 1_048_576)
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["holiday.jpg"]
    stubber.assert_no_pending_responses()


def test_an_interruption_puts_everything_back_too(account: tuple[Account, Stubber], picture: Picture, s3: Any) -> None:
    """Ctrl-C in the middle of a picture leaves neither a version nor a memory size nor an object behind."""
    aws, stubber = account
    invoked(stubber, COLD, RESIZED)
    put_back(stubber)

    def interrupt(what: str) -> None:
        if what.endswith("dog.jpg"):
            raise KeyboardInterrupt

    dog = Picture(picture.path.with_name("dog.jpg"), 1.0, 0)
    with pytest.raises(KeyboardInterrupt):
        list(measure_live(aws, [picture, dog], [256], 0, interrupt))
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    stubber.assert_no_pending_responses()


def test_a_kill_for_lack_of_memory_is_a_row(account: tuple[Account, Stubber], picture: Picture) -> None:
    """A size that cannot do it says so, and the run goes on."""
    aws, stubber = account
    error = {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited: signal: killed"}
    invoked(stubber, COLD, error, FunctionError="Unhandled")
    put_back(stubber)
    (row,) = measure_live(aws, [picture], [256], 3, lambda _: None)
    assert row.ending is Ending.KILLED


def test_what_aws_refuses_is_one_readable_line(account: tuple[Account, Stubber], picture: Picture) -> None:
    """A missing permission names the function and the request, after everything has been put back."""
    aws, stubber = account
    stubber.add_client_error("invoke", "AccessDeniedException", "not authorized")
    put_back(stubber)
    with pytest.raises(UsageError, match=r"AWS refused while measuring resize.*Invoke"):
        list(measure_live(aws, [picture], [256], 0, lambda _: None))
    stubber.assert_no_pending_responses()
