"""What `tests.support.fresh` runs in processes of their own for the tests of hostile input."""

from __future__ import annotations

import io
import random
import signal
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from resizer.cli.folder import FolderS3
from resizer.errors import StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
from tests.support.fresh import most_memory, note
from tests.support.fuzz_target import read
from tests.support.recording import refusal
from tests.support.small_files import small_files

SECONDS: Final = 20  # for one small damaged file; the end of a hang
ALL_BYTES: Final = 1000
small_files()  # drawn once, before the process is forked


def resize(path: str, function_memory: int) -> dict[str, Any]:
    """How a file ends in a function of so many MB, and the most memory that it took, in bytes."""
    settings = Settings(function_memory=function_memory)
    with tempfile.TemporaryDirectory() as out:
        report = process(SourceObject("local", "file"), settings, FolderS3({"file": Path(path)}, Path(out)))
    return {
        "outcome": report.reason or report.outcome,
        "detail": report.detail,
        "milliseconds": report.total_ms,
        "memory": most_memory(),
    }


@dataclass(frozen=True, slots=True)
class Lying:
    """An S3 whose one object has another size than it says."""

    data: bytes
    size: int

    def get_object(self, **_: Any) -> dict[str, Any]:
        """The object, with the size that it has not."""
        return {"Body": io.BytesIO(self.data), "ContentLength": self.size, "ETag": '"etag"'}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Forgotten."""
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """The object as it was, and nothing else."""
        if request["Key"].startswith("resized/"):
            raise refusal("404", "HeadObject")
        return {"ETag": '"etag"'}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Never asked for."""
        raise NotImplementedError(request["Key"])


def wrong_size(name: str, difference: int) -> str:
    """How a small file ends whose download is said to be longer than it is, or shorter by a negative difference."""
    data = small_files()[name]
    signal.alarm(SECONDS)
    try:
        report = process(SourceObject("local", name), Settings(), Lying(data, len(data) + difference))
    except StorageError:
        return "interrupted"
    return str(report.reason or report.outcome)


def damaged(name: str, seed: int) -> dict[str, int]:
    """How often a small file ends in what, cut at every length and with every byte flipped once.

    Of a file of more than `ALL_BYTES` every other length and byte is tried: even ones, or odd ones by an odd seed.
    """
    data, chance = small_files()[name], random.Random(seed)
    places = range(seed % 2, len(data), 2) if len(data) > ALL_BYTES else range(len(data))
    ends: Counter[str] = Counter()
    for length in places:
        ends[_end(data[:length], f"cut at {length}")] += 1
    for at in places:
        byte = data[at]
        other = (byte + chance.randrange(1, 256)) % 256
        ends[_end(data[:at] + bytes([other]) + data[at + 1 :], f"byte {at} is {other}")] += 1
    return dict(ends)


def _end(data: bytes, what: str) -> str:
    note(what)
    signal.alarm(SECONDS)
    try:
        end = read(data)
    except Exception as problem:
        note(f"{what}: {problem!r}")
        raise
    return "picture" if " x " in end else end


def seeds(folder: str) -> dict[str, int]:
    """Read all files of a folder; how many there were, and the most memory that it took, in bytes."""
    files = sorted(Path(folder).iterdir())
    for file in files:
        _end(file.read_bytes(), file.name)
    return {"read": len(files), "memory": most_memory()}
