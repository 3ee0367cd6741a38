"""The sample events in `events/`, as AWS sends them, about an object that a test has stored."""

import hashlib
import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[2] / "events"
KEY = "a+b c%25é 日本.jpg"
ETAG = "b1946ac92492d2347c6235b4d2611184"
SIZE = 183201


def sample(name: str, body: bytes = b"") -> dict[str, Any]:
    """A sample event with the ETag and the size of `body`."""
    text = (EVENTS / f"{name}.json").read_text()
    text = text.replace(ETAG, hashlib.md5(body, usedforsecurity=False).hexdigest()).replace(str(SIZE), str(len(body)))
    event: dict[str, Any] = json.loads(text)
    return event


def names(prefix: str) -> list[str]:
    """The names of the samples that start with a prefix."""
    return sorted(path.stem for path in EVENTS.glob(f"{prefix}*.json"))
