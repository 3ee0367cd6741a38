"""One image resized in a process of its own: `python -m bench.memory.peak IMAGE WIDTHS FORMATS`.

It is resized for an S3 so slow that as many renditions wait to be written as ever do.
"""

from __future__ import annotations

import io
import json
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE: Final = 60  # seconds that an upload waits for the others, which are fewer in the end


def measured(
    image: str, widths: Sequence[int], formats: Sequence[str], boxes: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Resize one image in this process, which has resized none before; its plan and peak in MB, and the outcome.

    Beside the plain widths it makes `boxes`, each the fields of a `RenditionSpec` but its name and its formats.
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

    def noting(header: Header, **arguments: Any) -> int:
        plans.append(memory_needed(header, **arguments))
        return plans[-1]

    setattr(decoding, "memory_needed", noting)  # noqa: B010 # a double in its place
    return_freed_memory()  # of the first picture
    before = resident()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    report = pipeline.process(SourceObject("bench", path.name), settings, s3)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    planned = (before + max(plans, default=0)) / MB
    outcome = f"{report.outcome} {report.reason or ''}".strip()
    return {"planned": planned, "measured": int(peak.split()[1]) / 1024, "outcome": outcome}


class MemoryS3:
    """Serves one source, from a file or from memory, and takes renditions without keeping them, several at once."""

    def __init__(self, body: bytes, path: Path | None) -> None:
        self._body = body
        self._path = path
        self._together = threading.Barrier(MAX_CONNECTIONS)

    def get_object(self, **_: Any) -> dict[str, Any]:
        """Open the source, read bit by bit as a download is."""
        body: Any = self._path.open("rb") if self._path else io.BytesIO(self._body)
        size = self._path.stat().st_size if self._path else len(self._body)
        return {"Body": body, "ContentLength": size, "ETag": '"0"'}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Take a rendition, when there are as many as can be on their way at once."""
        with suppress(threading.BrokenBarrierError):
            self._together.wait(PATIENCE)
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Find the source as it was, and nothing else."""
        if request["Key"].startswith("resized/"):
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ETag": '"0"'}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Never asked for: nothing is deleted."""
        raise NotImplementedError(request["Key"])


if __name__ == "__main__":
    image, widths, formats = sys.argv[1:]
    print(json.dumps(measured(image, parse_widths(widths), formats.split(","))))  # noqa: T201 # for its parent
