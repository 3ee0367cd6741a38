"""Finds the images that the command line names, in folders too, and gives each a key."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from resizer.decode.sniff import SIGNATURE_BYTES, sniff
from resizer.errors import Rejected
from resizer.model import IMAGE_EXTENSIONS


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A file and its key."""

    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Files to skip within folders: names that begin with a dot, renditions, and everything that `patterns` match.

    Folders named like the output prefix hold renditions, and so does that prefix below `out`. A pattern such as `build`
    or `*.png` is compared with names, and with paths relative to the folder on the command line.
    """

    out: Path
    output_prefix: str
    patterns: Sequence[str] = ()

    def matches(self, path: Path, below: str) -> bool:
        """Whether to skip a file or folder; `below` is its path relative to the folder on the command line."""
        output = self.output_prefix.strip("/")
        is_output = bool(output) and f"/{below}".endswith(f"/{output}") and path.is_dir()
        return (
            path.name.startswith(".")
            or is_output
            or str(path.resolve()).startswith(f"{self.out.resolve()}/{self.output_prefix}")
            or any(fnmatch(name, pattern) for pattern in self.patterns for name in (path.name, below))
        )


def find_sources(paths: Iterable[Path], exclusions: Exclusions) -> Iterator[LocalSource]:
    """Yield the files, and the images in the folders.

    A file's key is its name. The key of an image in a folder begins with the folder's name, except in the folder `.`.
    Within folders it skips exclusions, and links to folders. It yields unreadable files, too: they are reported later.
    """
    for path in paths:
        entries = _entries(path)
        if entries is None:
            yield LocalSource(path, readable(path.name))
        else:
            folder = "" if path == Path() else readable(path.resolve().name)
            yield from _within(entries, folder, "", exclusions)


def readable(name: object) -> str:
    """A file's name or path as text, even if it is not valid UTF-8."""
    return os.fsencode(str(name)).decode(errors="replace")


def _within(entries: list[Path], folder: str, below: str, exclusions: Exclusions) -> Iterator[LocalSource]:
    for entry in entries:
        name = readable(entry.name)
        path, key = f"{below}{name}", f"{folder}/{name}" if folder else name
        if exclusions.matches(entry, path):
            continue
        inner = _entries(entry)
        if inner is None:
            if _looks_like_image(entry):
                yield LocalSource(entry, key)
        elif not entry.is_symlink():
            yield from _within(inner, key, f"{path}/", exclusions)


def _entries(path: Path) -> list[Path] | None:
    """A folder's entries, sorted; None if it is not a readable folder."""
    with suppress(OSError):
        return sorted(path.iterdir())
    return None


def _looks_like_image(path: Path) -> bool:
    """Whether a file's bytes or extension say that it is an image; True if it cannot be read."""
    if path.exists() and not path.is_file() and not path.is_dir():
        return False  # opening a pipe would wait for a writer
    try:
        with path.open("rb") as file:
            sniff(file.read(SIGNATURE_BYTES))
    except Rejected:
        return path.suffix.lower() in IMAGE_EXTENSIONS
    except OSError:
        pass
    return True
