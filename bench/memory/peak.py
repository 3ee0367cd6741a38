"""Measures the peak memory of one image in this process: `python -m bench.memory.peak IMAGE WIDTHS FORMATS`.

S3 is so slow that as many renditions as possible wait in memory.
"""

import io
import json
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError
from PIL import Image

from resizer import pipeline
from resizer.decode import header as decoding
from resizer.memory.plan import MB, memory_needed
from resizer.memory.process import resident, return_freed_memory
from resizer.model import Header, SourceObject
from resizer.s3.clients import MAX_CONNECTIONS
from resizer.settings import Settings
from resizer.settings.environment import parse_widths
from resizer.settings.rules import Fit, RenditionSpec, Rule

UPLOAD_WAIT_SECONDS: Final = 60  # how long an upload waits for the others


def measure_peak(
    image: str, widths: Sequence[int], formats: Sequence[str], boxes: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Resize the first real image of this process; returns its plan and its peak in MB, and the outcome.

    `boxes` adds renditions: each has the fields of a `RenditionSpec` without its name and formats.
    """
    rule = Rule.of_widths(widths, formats=tuple(formats))
    specs = (
        RenditionSpec(**{**box, "fit": Fit(box["fit"])}, name=f"box{number}", formats=tuple(formats))
        for number, box in enumerate(boxes)
    )
    path, settings = Path(image), Settings(defaults=replace(rule, renditions=(*rule.renditions, *specs)))
    s3 = MemoryS3(b"", path)
    warm = io.BytesIO()
    Image.new("RGB", (64, 64)).save(warm, "JPEG")
    pipeline.process(SourceObject("bench", "warm.jpg"), Settings(), MemoryS3(warm.getvalue(), None))
    plans: list[int] = []

    def recorded(header: Header, **arguments: Any) -> int:
        plans.append(memory_needed(header, **arguments))
        return plans[-1]

    setattr(decoding, "memory_needed", recorded)  # noqa: B010 # mypy forbids the assignment
    return_freed_memory()  # of the small picture
    before = resident()
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    report = pipeline.process(SourceObject("bench", path.name), settings, s3)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    planned = (before + max(plans, default=0)) / MB
    outcome = f"{report.outcome} {report.reason or ''}".strip()
    return {"planned": planned, "measured": int(peak.split()[1]) / 1024, "outcome": outcome}


class MemoryS3:
    """Serves one source from a file or from memory, and discards renditions. Uploads wait for each other."""

    def __init__(self, body: bytes, path: Path | None) -> None:
        self._body = body
        self._path = path
        self._uploads = threading.Barrier(MAX_CONNECTIONS)

    def get_object(self, **_: Any) -> dict[str, Any]:
        """Open the source."""
        body: Any = self._path.open("rb") if self._path else io.BytesIO(self._body)
        size = self._path.stat().st_size if self._path else len(self._body)
        return {"Body": body, "ContentLength": size, "ETag": '"0"'}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Wait until the largest possible number of uploads run at once."""
        with suppress(threading.BrokenBarrierError):
            self._uploads.wait(UPLOAD_WAIT_SECONDS)
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """The source is unchanged, and there are no renditions yet."""
        if request["Key"].startswith("resized/"):
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ETag": '"0"'}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Fail, because nothing must be deleted."""
        raise NotImplementedError(request["Key"])


if __name__ == "__main__":
    image, widths, formats = sys.argv[1:]
    print(json.dumps(measure_peak(image, parse_widths(widths), formats.split(","))))  # noqa: T201 # the parent process reads it
