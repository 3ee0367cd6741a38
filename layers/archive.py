"""Zips a folder into the same bytes on any machine, and compares its size with Lambda's limits."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1_000_000
LIMIT_ZIPPED_MB: Final = 50  # Lambda quotas: a direct upload
LIMIT_UNZIPPED_MB: Final = 250  # Lambda quotas: a function with all its layers
EPOCH: Final = 315_532_800  # 1980-01-01: zip files cannot hold earlier times


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of one artifact, zipped and unzipped."""

    zipped: int
    unzipped: int

    def __str__(self) -> str:
        zipped = f"{self.zipped / MEGABYTE:.1f} MB zipped (Lambda allows {LIMIT_ZIPPED_MB})"
        return f"{zipped}, {self.unzipped / MEGABYTE:.1f} MB unzipped (Lambda allows {LIMIT_UNZIPPED_MB})"


def normalize(folder: Path) -> None:
    """Give every file the same time and permissions, so that `sam` zips the same bytes each time."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (EPOCH, EPOCH))


def pack(folder: Path, archive: Path) -> Size:
    """Zip a folder's files, sorted by name."""
    unzipped = 0
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # its default time is 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every machine
            entry.external_attr = 0o100644 << 16
            data = path.read_bytes()
            unzipped += len(data)
            file.writestr(entry, data)
    return Size(archive.stat().st_size, unzipped)
