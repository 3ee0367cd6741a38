"""Functions that `tests.support.fresh` runs in processes of their own, for the tests with hostile files."""

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
from tests.support.fresh import note, peak_memory
from tests.support.fuzz_target import read
from tests.support.recording import refusal
from tests.support.small_files import small_files

SECONDS: Final = 20  # a small file that takes this long has failed
MAX_PLACES: Final = 500
small_files()  # drawn once, before the process is forked


def resize(path: str, function_memory: int) -> dict[str, Any]:
    """Resize a file in a function of this many MB. Return the outcome, and the peak memory in bytes."""
    settings = Settings(function_memory=function_memory)
    with tempfile.TemporaryDirectory() as out:
        report = process(SourceObject("local", "file"), settings, FolderS3({"file": Path(path)}, Path(out)))
    return {
        "outcome": report.reason or report.outcome,
        "detail": report.detail,
        "memory": peak_memory(),
    }


@dataclass(frozen=True, slots=True)
class WrongSizeS3:
    """An S3 with one object, which announces a wrong size."""

    data: bytes
    size: int

    def get_object(self, **_: Any) -> dict[str, Any]:
        """The object, with the wrong size."""
        return {"Body": io.BytesIO(self.data), "ContentLength": self.size, "ETag": '"etag"'}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Accept the object and forget it."""
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """The object. No rendition exists."""
        if request["Key"].startswith("resized/"):
            raise refusal("404", "HeadObject")
        return {"ETag": '"etag"'}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Never called."""
        raise NotImplementedError(request["Key"])


def wrong_sizes(name: str, differences: list[int]) -> list[str]:
    """The results for a small file whose announced size is too large, or too small if a difference is negative."""
    data = small_files()[name]
    return [_wrong_size(name, data, len(data) + difference) for difference in differences]


def _wrong_size(name: str, data: bytes, size: int) -> str:
    note(f"{size} bytes announced")
    signal.alarm(SECONDS)
    try:
        report = process(SourceObject("local", name), Settings(), WrongSizeS3(data, size))
    except StorageError:
        return "interrupted"
    return str(report.reason or report.outcome)


def damaged(name: str, seed: int) -> dict[str, int]:
    """Count the results for a small file that is cut at every length, and for every byte changed once.

    Of a file longer than `MAX_PLACES` bytes, every second, third or later length and byte is tried, from one that the
    seed sets.
    """
    data, dice = small_files()[name], random.Random(seed)
    step = 1 + len(data) // MAX_PLACES
    places = range(seed % step, len(data), step)
    ends: Counter[str] = Counter()
    for length in places:
        ends[_end(data[:length], f"cut at {length}")] += 1
    for at in places:
        byte = data[at]
        other = (byte + dice.randrange(1, 256)) % 256
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
    """Read all files of a folder. Return how many there are, and the peak memory in bytes."""
    files = sorted(Path(folder).iterdir())
    for file in files:
        _end(file.read_bytes(), file.name)
    return {"read": len(files), "memory": peak_memory()}
