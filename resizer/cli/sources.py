"""The files that the command line names, and those in the folders that it names, each under a key."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from resizer.decode.sniff import SIGNATURE_BYTES, sniff
from resizer.errors import Rejected
from resizer.model import IMAGE_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A file, and the key that it would have in S3."""

    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is passed over within folders: names that begin with a dot, outputs, and what `patterns` match.

    Outputs are folders called as the output prefix, and all below `out` under that prefix. A pattern such as `build` or
    `*.png` is compared with names, and with paths below the folder that was named.
    """

    out: Path
    output_prefix: str
    patterns: Sequence[str] = ()

    def matches(self, path: Path, below: str) -> bool:
        """Whether a file or folder is passed over; `below` is its path within the folder that was named."""
        output = self.output_prefix.strip("/")
        is_output = bool(output) and f"/{below}".endswith(f"/{output}") and path.is_dir()
        return (
            path.name.startswith(".")
            or is_output
            or str(path.resolve()).startswith(f"{self.out.resolve()}/{self.output_prefix}")
            or any(fnmatch(name, pattern) for pattern in self.patterns for name in (path.name, below))
        )


def find_sources(named: Iterable[Path], left_out: LeftOut) -> Iterator[LocalSource]:
    """Each file by its name, and each image of a folder as `folder/...`; of `.` by its path in it, as rules see it.

    Within folders, what `left_out` matches is passed over, and links to other folders are not followed. What cannot be
    read is among the sources, for the run reports it.
    """
    for path in named:
        entries = _entries(path)
        if entries is None:
            yield LocalSource(path, readable(path.name))
        else:
            folder = "" if path == Path() else readable(path.resolve().name)
            yield from _within(entries, folder, "", left_out)


def readable(name: object) -> str:
    """A file's name or path as text, whatever bytes it is made of."""
    return os.fsencode(str(name)).decode(errors="replace")


def _within(entries: list[Path], folder: str, below: str, left_out: LeftOut) -> Iterator[LocalSource]:
    for entry in entries:
        name = readable(entry.name)
        path, key = f"{below}{name}", f"{folder}/{name}" if folder else name
        if left_out.matches(entry, path):
            continue
        inner = _entries(entry)
        if inner is None:
            if _looks_like_image(entry):
                yield LocalSource(entry, key)
        elif not entry.is_symlink():
            yield from _within(inner, key, f"{path}/", left_out)


def _entries(path: Path) -> list[Path] | None:
    """A folder's entries, sorted; None if it is not a readable folder."""
    with suppress(OSError):
        return sorted(path.iterdir())
    return None


def _looks_like_image(path: Path) -> bool:
    """By its bytes, or by its extension where they are damaged; what cannot be read may be one."""
    if path.exists() and not path.is_file() and not path.is_dir():
        return False  # a pipe, which would be waited for
    try:
        with path.open("rb") as file:
            sniff(file.read(SIGNATURE_BYTES))
    except Rejected:
        return path.suffix.lower() in IMAGE_EXTENSIONS
    except OSError:
        pass
    return True
