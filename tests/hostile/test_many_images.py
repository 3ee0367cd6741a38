"""No image is lost while one request in ten fails."""

import json
import logging
import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import psutil
import pytest
from botocore.config import Config
from botocore.retries import standard

from resizer.local.embedded import CREDENTIALS, REGION
from resizer.local.service import load_handler
from resizer.local.trigger import Invocation, Trigger, connect_queue
from resizer.s3 import clients
from tests.support.faulty_aws import TESTS_OWN
from tests.support.pictures import opened, photo_like, saved

BUCKET = "uploads"
# `make test-long` sets 2000; fewer show the same in seconds.
IMAGES = int(os.environ.get("RESIZER_MANY_IMAGES", "60"))
WARM = max(10, IMAGES // 10)  # images after which everything that is created once exists
SEED = 20
MAX_WAIT_SECONDS = 60  # for the next event
WIDTHS = (480, 640, 1000)


@contextmanager
def faulty_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Run the embedded AWS in another process, so that it takes no memory of this one; yield what it counted."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.support.faulty_aws", str(SEED)]
    counted: dict[str, Any] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as server:
        assert server.stdin
        assert server.stdout
        environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": server.stdout.readline().strip(), "AWS_REGION": REGION}
        for name, value in {**environment, "AWS_DEFAULT_REGION": REGION}.items():
            monkeypatch.setenv(name, value)
        clients.forget()
        try:
            yield counted
        finally:
            server.stdin.close()
            counted |= json.loads(server.stdout.read())
            clients.forget()


def megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_image_is_lost_or_written_twice_while_requests_fail(
    monkeypatch: pytest.MonkeyPatch, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """While one request in ten fails or is slow, every rendition is right and written once, and memory stays flat."""
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)  # pytest would keep every line in memory
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0.0)  # retry at once
    handler, finished = load_handler(), queue.Queue[Invocation]()
    bodies = [saved(photo_like(60 + number % 7, 45, seed=number % 50)) for number in range(IMAGES)]
    with faulty_aws(monkeypatch) as counted:
        own: Any = botocore.session.get_session().create_client("s3", config=Config(user_agent_extra=TESTS_OWN))
        trigger = Trigger(connect_queue(BUCKET), handler, finished.put)
        trigger.start()
        used, tries = [], 0
        for number, body in enumerate(bodies):
            own.put_object(Bucket=BUCKET, Key=f"{number:04}.jpg", Body=body)
            while (invocation := finished.get(timeout=MAX_WAIT_SECONDS)).answer is None or not resized(invocation):
                assert invocation.problem is None or invocation.tries == 3
                if invocation.problem:  # after three tries it is sent again, as from the failure queue
                    again = trigger.invoke(invocation.event)
                    finished.put(again)
            tries += invocation.tries
            if number + 1 in {WARM, IMAGES}:
                used.append(megabytes())
        trigger.stop()
        for number, body in enumerate(bodies):
            for width in WIDTHS:
                stored = own.get_object(Bucket=BUCKET, Key=f"resized/{width}-{number:04}.jpg")
                assert stored["ETag"]
                assert opened(stored["Body"].read()).size == opened(body).size
    writes = {key: count for key, count in counted["writes"].items() if "/resized/" in key}
    assert len(writes) == 3 * IMAGES
    assert set(writes.values()) == {1}
    faults = {name: count for name, count in counted["counts"].items() if name not in {"requests", "None"}}
    assert sum(faults.values()) > 0.07 * counted["counts"]["requests"]
    with capsys.disabled():
        print(  # noqa: T201 # the figures are worth reading
            f"\n{IMAGES} images, {3 * IMAGES} renditions, {counted['counts']['requests']} requests, faults {faults}, "
            f"{tries} invocations; {used[0]:.1f} MB after {WARM}, {used[-1]:.1f} MB after {IMAGES}"
        )
    assert used[-1] < used[0] + 8, "the process grows"


def resized(invocation: Invocation) -> bool:
    """Whether an event was for an upload; events for renditions are skipped."""
    results = (invocation.answer or {}).get("results", [])
    return any(result["outcome"] == "resized" or result["reason"] == "already_done" for result in results)
