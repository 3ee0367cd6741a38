"""A contender's process: reads a task from each line of stdin, resizes the picture, and writes a line of figures.

Run it as `python -m bench.peers.serve MODULE`. The module's `resize(task)` returns the bytes of the renditions, and
`pixels(photo)` their pixels, for the quality. The CPU time includes the programs that this process starts.
`make bench-check` also runs this module of an older revision, so `Task` and the figures must keep their fields.
"""

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
    """One object to resize, with the fields of an S3 event; `format` is Pillow's name of the format."""

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
    """Peak memory of this process plus that of its largest child process.

    On Linux a program inherits `ru_maxrss` from the process that starts it, but not VmHWM.
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
    """Resize pictures until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # discards logs on stdout
    module = importlib.import_module(f"bench.peers.{sys.argv[1]}")
    prepare = getattr(module, "prepare", lambda _: None)  # work that is not measured
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
