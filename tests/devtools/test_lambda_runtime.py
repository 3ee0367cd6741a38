"""The built artifact runs in the real Lambda runtime: cold, warm, failing, too slow, out of memory."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from devtools.cgroup import Limits, control_group
from devtools.lambda_runtime.artifact import built_function
from devtools.lambda_runtime.emulator import Emulator, emulator
from devtools.lambda_runtime.model import Function, Result, Tools
from resizer.errors import UsageError
from tests.conftest import BUCKET, PROJECT, needs_built_artifact, notification
from tests.support.pictures import photo_like, saved

pytestmark = needs_built_artifact

PROBE = """
from resizer.s3 import clients
from resizer.handler import lambda_handler

def reuse(event, context):
    lambda_handler(event, context)
    counts = clients.client.cache_info()
    return {"created": counts.misses, "reused": counts.hits}
"""

HANGING = """
import threading
from resizer.handler import lambda_handler

def hang(event, context):
    if "hang" in event:
        threading.Event().wait()
    return lambda_handler(event, context)
"""


TEST_EVENT = {"Event": "s3:TestEvent"}


def served(running: Emulator) -> Result:
    """The answer to S3's test event, retried if the cold start times out on a busy machine."""
    while (result := running.invoke(TEST_EVENT)).error_type == "Sandbox.Timedout":
        pass
    return result


@pytest.fixture
def function(s3: Any) -> Function:
    """The built function, pointed at the embedded S3."""
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return built_function(environment={name: os.environ[name] for name in names})


def test_a_cold_start_and_a_warm_invocation(s3: Any, function: Function, tools: Tools) -> None:
    """The artifact writes renditions in the real runtime; the second invocation is warm, and figures are reported."""
    for key in ("one.jpg", "two.jpg"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=saved(photo_like(1600, 1200)))
    with emulator(function, tools) as running:
        cold, warm = running.invoke(notification("one.jpg")), running.invoke(notification("two.jpg"))
    assert [result.answer["results"][0]["outcome"] for result in (cold, warm)] == ["resized", "resized"]
    assert s3.head_object(Bucket=BUCKET, Key="resized/640-two.jpg")["Metadata"]["width"] == "640"
    assert cold.figures.cold
    assert cold.figures.init_ms is not None
    assert not warm.figures.cold
    assert warm.figures.duration_ms is not None
    assert warm.figures.report is not None
    assert f"Memory Size: {function.memory_mb} MB" in warm.figures.report
    assert any('"outcome":"resized"' in line for line in warm.log)
    assert warm.peak_bytes is not None
    assert 20_000_000 < warm.peak_bytes < function.memory_mb * 1_000_000


def test_warm_invocations_reuse_their_clients(s3: Any, function: Function, tools: Tools, tmp_path: Path) -> None:
    """A warm environment creates its S3 client once."""
    s3.put_object(Bucket=BUCKET, Key="one.jpg", Body=saved(photo_like(600, 400)))
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "probe.py").write_text(PROBE)
    probed = replace(function, handler="probe.reuse", layers=(*function.layers, tmp_path))
    with emulator(probed, tools) as running:
        counts = [running.invoke(notification("one.jpg")).answer for _ in range(3)]
    assert [each["created"] for each in counts] == [1, 1, 1]
    assert counts[2]["reused"] > counts[0]["reused"]


def test_after_an_error_the_environment_stays_warm(function: Function, tools: Tools) -> None:
    """An unknown event returns its error type and message, and the next invocation is warm."""
    with emulator(function, tools) as running:
        failed, after = running.invoke({"hello": "world"}), running.invoke(TEST_EVENT)
    assert failed.error_type == "UnknownEvent"
    assert failed.error_message is not None
    assert "expected an S3 notification" in failed.error_message
    assert after.answer == {"results": []}
    assert not after.figures.cold


def test_wrong_settings_prevent_the_start(function: Function, tools: Tools) -> None:
    """A function with wrong settings does not start; the error names the variable."""
    wrong = replace(function, environment={**function.environment, "RESIZER_WIDTHS": "wide"})
    with emulator(wrong, tools) as running:
        result = running.invoke(TEST_EVENT)
    assert result.failed
    assert "RESIZER_WIDTHS" in str(result.error_message)


def test_a_silent_s3_is_reported_before_the_time_out(function: Function, tools: Tools) -> None:
    """If S3 never answers, the function fails before Lambda's time-out, and stays warm."""
    with silent_server() as endpoint:
        environment = {**function.environment, "AWS_ENDPOINT_URL": endpoint}
        slow = replace(function, timeout_seconds=5, environment=environment)
        with emulator(slow, tools) as running:
            served(running)
            late, after = running.invoke(notification("one.jpg")), running.invoke(TEST_EVENT)
    assert late.error_type == "RecordsFailed"
    assert "s3://photos/one.jpg will be tried again. GET s3://photos/one.jpg was stopped." in str(late.error_message)
    assert after.answer == {"results": []}
    assert not after.figures.cold


def test_a_time_out_ends_the_invocation(function: Function, tools: Tools, tmp_path: Path) -> None:
    """A function that hangs ends with Lambda's time-out, and the next event gets a new environment."""
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "probe.py").write_text(HANGING)
    slow = replace(function, handler="probe.hang", layers=(*function.layers, tmp_path), timeout_seconds=2)
    with emulator(slow, tools) as running:
        served(running)
        late, after = running.invoke({"hang": True}), served(running)
    assert late.error_type == "Sandbox.Timedout"
    assert late.error_message == "Task timed out after 2.00 seconds"
    assert after.answer == {"results": []}
    assert after.figures.cold


def test_out_of_memory_kills_the_process(s3: Any, function: Function, tools: Tools) -> None:
    """With too little memory in its control group the process is killed, and the next event is served."""
    s3.put_object(
        Bucket=BUCKET, Key="large.png", Body=saved(Image.new("RGB", (6000, 6000), "teal"), "PNG", compress_level=1)
    )
    misled = replace(function, memory_mb=3008)  # so that the memory plan lets the image through
    try:
        with control_group(Limits(memory_bytes=96 << 20)) as group, emulator(misled, tools, group) as running:
            killed, after = running.invoke(notification("large.png")), running.invoke(TEST_EVENT)
            kills = group.usage().oom_kills
    except UsageError as reason:
        pytest.skip(str(reason))
    assert killed.error_type == "Runtime.ExitError"
    assert "signal: killed" in str(killed.error_message)
    assert kills == 1
    assert after.answer == {"results": []}


def test_make_invoke_prints_answer_and_figures() -> None:
    """`make invoke` runs a sample event and prints its answer and figures."""
    command = [sys.executable, "-m", "devtools.lambda_runtime", "events/s3-several.json"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.findall(r'^      "outcome": "(\w+)"', done.stdout, re.MULTILINE) == ["resized", "resized", "skipped"]
    assert "REPORT RequestId: " in done.stdout
    assert "Measured here: cold start" in done.stdout
    assert "resized/480-" in done.stdout


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
