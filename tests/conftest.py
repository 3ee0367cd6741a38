"""Shared by all tests: real photos, an embedded AWS, events and downloads."""

import math
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from devtools.lambda_runtime.model import Tools

# Set before anything imports the handler, which creates its S3 client.
os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # botocore looks for no credentials on the network

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

from devtools.lambda_runtime.artifact import BUILT
from devtools.lambda_runtime.tools import installed_tools
from resizer import deadline
from resizer.errors import Reason, Rejected
from resizer.local.embedded import embedded_aws
from resizer.local.trigger import LocalContext
from resizer.resize import BACKEND
from resizer.s3 import clients

# Each new session of botocore would parse its description of S3 again, which takes longer than most tests.
botocore.session.create_loader = cache(botocore.session.create_loader)

# The speed of a machine is not tested.
settings.register_profile("resizer", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("resizer")

PHOTOS = Path(os.environ.get("PHOTOS") or Path(__file__).parents[2] / "shared" / "photos")
BUCKET = "photos"
PROJECT = Path(__file__).parents[1]
BACKENDS = [BACKEND, "pillow"] if BACKEND != "pillow" else ["pillow"]

needs_built_artifact = pytest.mark.usefixtures("_built_artifact")


def photo_files() -> list[Path]:
    """The real photos in the folder `PHOTOS`. The list is empty if there is no such folder."""
    return sorted(path for path in PHOTOS.glob("*") if path.suffix in {".jpg", ".png", ".webp"})


needs_photos = pytest.mark.skipif(
    not photo_files(), reason=f"no real photos in {PHOTOS}: name a folder of them, PHOTOS=folder make test"
)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs a test with each resampler that is installed."""
    if request.param == "pillow":
        monkeypatch.setattr("resizer.resize.cykooz_resizer", None)
    return str(request.param)


@pytest.fixture(autouse=True)
def _no_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the deadline that another test's invocation may have set."""
    monkeypatch.setattr(deadline, "ends_at", math.inf)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches this process and its children, even if the tests run in the background.

    A shell starts background jobs with SIGINT ignored, and programs inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def _aws() -> Iterator[str]:
    with embedded_aws() as endpoint:
        yield endpoint


@pytest.fixture
def s3(_aws: str) -> Iterator[Any]:
    """An S3 client with an empty bucket `photos`, over HTTP on loopback."""
    client = clients.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    deadline.ends_at = math.inf
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    client.delete_bucket(Bucket=BUCKET)


@contextmanager
def rejects(*reasons: Reason) -> Iterator[pytest.ExceptionInfo[Rejected]]:
    """Asserts that the block ends in a rejection, for one of these reasons."""
    with pytest.raises(Rejected) as rejection:
        yield rejection
    assert rejection.value.reason in reasons


def notification(*keys: str, change: str = "ObjectCreated:Put", **fields: object) -> dict[str, Any]:
    """An S3 notification with one record for each key, already URL-encoded; `fields` are added to each object."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": change,
                "s3": {"bucket": {"name": BUCKET}, "object": {"key": key, **fields}},
            }
            for key in keys
        ]
    }


class Download:
    """The body of a download, in pieces of at most `piece` bytes. After the last it raises `problem`, if given."""

    def __init__(self, data: bytes, *, piece: int | None = None, problem: Exception | None = None) -> None:
        self.data = data
        self.piece = piece
        self.problem = problem
        self.taken = 0
        self.closed = False

    def read1(self, amt: int, /) -> bytes:
        """The next bytes."""
        if self.problem and self.taken == len(self.data):
            raise self.problem
        data = self.data[self.taken : self.taken + min(amt, self.piece or amt)]
        self.taken += len(data)
        return data

    def close(self) -> None:
        """Remember that the body was closed."""
        self.closed = True


def context() -> LambdaContext:
    """The context that Lambda passes with an event."""
    return cast("LambdaContext", LocalContext())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start files with slow tests first, so that all processes end together. Tests of the built artifact are slow."""
    for item in items:
        if _needs_built_artifact(item):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_start)


def _needs_built_artifact(item: pytest.Item) -> bool:
    return "_built_artifact" in getattr(item, "fixturenames", ())


def _start(item: pytest.Item) -> int:
    return 0 if _needs_built_artifact(item) else 1 if item.get_closest_marker("slow") else 2


@pytest.fixture(scope="session")
def _built_artifact() -> None:
    """Needs the output of `sam build`. Without it a test is skipped on a developer's machine, and fails in CI."""
    if not (PROJECT / BUILT).exists():
        missing = "nothing is built: run `make build runtime` first, as `make test` does"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


@pytest.fixture(scope="session")
def tools() -> Tools:
    """AWS's emulator and a Python of Lambda's version."""
    return installed_tools()
