"""The files that the command line names, and those in the folders that it names, each under a key."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resizer.decode.sniff import SIGNATURE_BYTES, sniff
from resizer.errors import Rejected
from resizer.planning.outputs import may_name_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A file, and the key that it would have in S3."""

    path: Path
    key: str


def find_sources(named: Iterable[Path], out: Path, output_prefix: str) -> Iterator[LocalSource]:
    """Each file that is named by its name, and each image in a folder that is named as `folder/...`.

    Renditions of an earlier run, below `out`, are left out of folders, and links to other folders are not followed.
    What cannot be read is among the sources, for it is told of when its turn comes.
    """
    outputs = f"{out.resolve()}/{output_prefix}"
    for path in named:
        entries = _entries(path)
        if entries is None:
            yield LocalSource(path, readable(path.name))
        else:
            yield from _within(entries, readable(path.resolve().name), outputs)


def readable(name: object) -> str:
    """A file's name or path as text, whatever bytes it is made of."""
    return os.fsencode(str(name)).decode(errors="replace")


def _within(entries: list[Path], folder: str, outputs: str) -> Iterator[LocalSource]:
    for entry in entries:
        key = f"{folder}/{readable(entry.name)}" if folder else readable(entry.name)
        inner = _entries(entry)
        if inner is None:
            if _looks_like_image(entry) and not str(entry.resolve()).startswith(outputs):
                yield LocalSource(entry, key)
        elif not entry.is_symlink():
            yield from _within(inner, key, outputs)


def _entries(path: Path) -> list[Path] | None:
    """What a folder holds, sorted; None where it is no folder that can be read."""
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
        return bool(path.suffix) and may_name_image(path.name)
    except OSError:
        pass
    return True
