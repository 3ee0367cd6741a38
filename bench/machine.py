"""The machine and the library versions of a measurement."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from PIL import features

from bench.sizes import MB

LIBRARIES = ("pillow", "cykooz-resizer", "botocore", "aws-lambda-powertools")


@dataclass(frozen=True, slots=True)
class Machine:
    """When and on which machine something was measured."""

    when: str
    cpu: str
    cores: int
    memory_mb: int
    system: str
    python: str
    versions: dict[str, str]


def machine() -> Machine:
    """Describe this machine, now."""
    versions = {name: version(name) for name in LIBRARIES}
    versions |= {name: str(features.version(name)) for name in ("libjpeg_turbo", "zlib", "webp")}
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        datetime.now(UTC).isoformat(timespec="seconds"),
        _cpu(),
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory // MB,
        f"{platform.system()} {platform.release()} {platform.machine()}",
        platform.python_version(),
        versions,
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
