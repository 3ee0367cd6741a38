"""Starts a contender's process (see `bench.peers.serve`) and sends it pictures."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen
from types import TracebackType
from typing import Final, Self

from bench.peers.serve import Task
from bench.s3_event import etag_of
from devtools.lambda_runtime.template import allocator_settings
from devtools.lambda_runtime.tools import PROJECT

PEERS: Final = Path(__file__).parent
OURS: Final = "ours"  # Resizer
FLOOR: Final = "floor"  # the same encodes, and nothing else
FORMATS: Final = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
_number = count()


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: CPU and wall time in milliseconds, bytes of the renditions, and peak memory so far in bytes."""

    cpu_ms: float
    wall_ms: float
    written: int
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """The built function, its layer, and a Python of Lambda's version."""

    code: Path
    layer: Path
    python: Path

    @property
    def environment(self) -> dict[str, str]:
        """Makes Python import the built function before the project's own code."""
        path = (self.code, self.layer / "python", PROJECT)
        return {"PYTHONPATH": os.pathsep.join(str(folder.resolve()) for folder in path)}


def command(contender: str, built: BuiltFunction | None) -> list[str]:
    """The command that starts a contender."""
    if contender.startswith("sharp-"):
        return ["node", str(PEERS / "sharp" / "serve.mjs"), contender.removeprefix("sharp-")]
    python = [str(built.python.absolute()), "-P"] if built else [sys.executable]
    return [*python, "-m", "bench.peers.serve", contender]


class Worker:
    """A contender's process."""

    def __init__(
        self, contender: str, endpoint: str, code: Path | None = None, built: BuiltFunction | None = None
    ) -> None:
        """Start it. Resizer runs from this checkout, from another one in the folder `code`, or from `built`."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "RESIZER_", "POWERTOOLS_"))
        }
        environment |= {
            "NODE_NO_WARNINGS": "1",
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
        }
        if contender in {OURS, FLOOR}:  # else the floor would get fresh pages, and Resizer none
            environment |= allocator_settings(PROJECT / "template.yaml")
        if contender == OURS and built:
            environment |= built.environment
        self.contender = contender
        self.cpu_total = 0.0  # seconds of all runs, for pytest-benchmark's timer
        self._process = Popen(command(contender, built), stdin=PIPE, stdout=PIPE, text=True, env=environment, cwd=code)
        start = json.loads(self._read())
        self.init_cpu_ms: float = start["init_cpu_ms"]  # for the start and the imports
        self.base_bytes: int = start["base_bytes"]  # peak memory after the imports

    def run(self, photo: Path) -> Sample:
        """Resize one picture, with a new key. Raises `RuntimeError` if the process ends."""
        assert self._process.stdin
        size, etag = _size_and_etag(photo)
        task = Task("photos", f"{next(_number)}/{photo.name}", etag, size, FORMATS[photo.suffix.lower()])
        self._process.stdin.write(json.dumps(asdict(task)) + "\n")
        self._process.stdin.flush()
        sample = Sample(**json.loads(self._read()))
        self.cpu_total += sample.cpu_ms / 1000
        return sample

    def _read(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.contender} ended with exit code {self._process.wait()}")
        return line

    def close(self) -> None:
        """End the process and wait for it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def _size_and_etag(photo: Path) -> tuple[int, str]:
    body = photo.read_bytes()
    return len(body), etag_of(body)
