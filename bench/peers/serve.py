"""The contender's side of the conversation: one line in, one picture resized, one line of figures out.

Runs as `python -m bench.peers.serve MODULE`, where the module offers `resize(task) -> bytes written`. Its CPU time is
that of this process and of the programs that it starts.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WIDTHS: Final = (1000, 640, 480)
QUALITY: Final = 80
WEBP_QUALITY: Final = 78


@dataclass(frozen=True, slots=True)
class Task:
    """One object to resize, as an S3 event names it; `format` is Pillow's name for what it holds."""

    bucket: str
    key: str
    etag: str
    size: int
    format: str

    def output(self, width: int) -> str:
        """The key of a rendition."""
        return f"resized/{width}-{self.key}"


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak_bytes() -> int:
    """The most memory held by this process, and by the largest of its children beside it.

    Linux hands a process's `ru_maxrss` on to the programs that it starts; VmHWM is the process's own.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (_own_peak_kib() + children) * 1024


def _own_peak_kib() -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where logs go
    module = importlib.import_module(f"bench.peers.{sys.argv[1]}")
    prepare = getattr(module, "prepare", lambda _: None)  # what a contender may do before the clock runs
    answers.write(json.dumps({"init_cpu_ms": cpu_seconds() * 1000, "base_bytes": peak_bytes()}) + "\n")
    answers.flush()
    for line in sys.stdin:
        task = Task(**json.loads(line))
        prepare(task)
        wall, cpu = time.perf_counter(), cpu_seconds()
        written = module.resize(task)
        figures = {
            "cpu_ms": (cpu_seconds() - cpu) * 1000,
            "wall_ms": (time.perf_counter() - wall) * 1000,
            "written": written,
            "peak_bytes": peak_bytes(),
        }
        answers.write(json.dumps(figures) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
