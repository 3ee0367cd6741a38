"""`python -m tests.one_file FILE MB`: a file through the pipeline, in a function of so many MB; prints how it ended.

The line is JSON: outcome, reason, detail, the most memory that the process held in MB, seconds of CPU.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import warnings
from pathlib import Path

from resizer.errors import ResizerError
from resizer.local.folder import FolderS3
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings


def most_held() -> int:
    """The most that this process has held, in MB; Linux alone tells it without what was there before the program."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> None:
    """Resize one file and tell."""
    path, function_memory = Path(sys.argv[1]), int(sys.argv[2])
    before = most_held()
    warnings.simplefilter("ignore")  # of odd metadata
    settings = Settings(function_memory=function_memory)
    with tempfile.TemporaryDirectory() as out:
        try:
            report = process(SourceObject("local", "file"), settings, FolderS3({"file": path}, Path(out)))
            told = (report.outcome, report.reason, report.detail)
        except ResizerError as problem:
            told = ("failed", type(problem).__name__, str(problem))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    sizes = {"base": before, "peak": most_held()}
    print(json.dumps([*told, sizes, round(usage.ru_utime + usage.ru_stime, 1)]))  # noqa: T201 # its answer


if __name__ == "__main__":
    main()
