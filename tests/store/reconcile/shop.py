"""A bucket whose events are processed one by one, with all requests counted."""

import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from resizer.pipeline import process
from resizer.report import Report
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.memory_s3 import MemoryS3
from tests.support.recording import RecordingS3, refusal
from tests.support.sources import sources

BUCKET, KEY = "photos", "albums/a+b c%25é 日本.png"
SMALL = Settings(defaults=Rule.of_widths((3, 2, 1)))


def picture(colour: str = "red", format_: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, format_)
    return buffer.getvalue()


@dataclass
class Shop:
    """A bucket, and its events in order."""

    versioned: bool = False
    settings: Settings = SMALL
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory = MemoryS3(self.events.append, self.versioned)
        self.s3 = RecordingS3(self.memory)

    def upload(self, body: bytes, key: str = KEY, **headers: str) -> dict[str, Any]:
        self.memory.put_object(Bucket=BUCKET, Key=key, Body=body, **headers)
        return self.events[-1]

    def delete(self, key: str = KEY, **version: str) -> dict[str, Any]:
        self.memory.delete_object(Bucket=BUCKET, Key=key, **version)
        return self.events[-1]

    def handle(self, event: dict[str, Any]) -> Report:
        self.s3.calls.clear()
        [source] = sources(event)
        return process(source, self.settings, self.s3)

    @property
    def existing(self) -> list[str]:
        return self.memory.keys("resized/")

    @property
    def requests(self) -> dict[str, int]:
        return dict(Counter(operation for operation, _ in self.s3.calls))


def outputs(key: str = KEY) -> list[str]:
    return [f"resized/{width}-{key}" for width in (1, 2, 3)]


def outcome_of(report: Report) -> tuple[str, str | None]:
    return str(report.outcome), report.reason and str(report.reason)


def refuse(request: dict[str, Any], key: str) -> None:
    if request["Key"] == key:
        raise refusal("InternalError", "PutObject")
