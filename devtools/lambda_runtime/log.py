"""Reads a process's output while it runs."""

import subprocess
import threading
from typing import Final

TIMEOUT_SECONDS: Final = 10


class Log:
    """A process's output; a thread reads it, so that the process never blocks on a full pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(process,), name="process-log", daemon=True)
        self._thread.start()

    def read_through(self, text: str) -> list[str]:
        """Wait for a line that contains `text`; remove and return all lines up to that one."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._find(text) is not None, TIMEOUT_SECONDS)
            end = self._find(text) or len(self._lines)
            lines, self._lines = self._lines[:end], self._lines[end:]
            return lines

    def remaining(self) -> list[str]:
        """Wait until the process has ended; return the lines that `read_through` has not returned."""
        self._thread.join(TIMEOUT_SECONDS)
        return self._lines

    def _find(self, text: str) -> int | None:
        """The number of the first line that contains `text`, from 1."""
        return next((number for number, line in enumerate(self._lines, 1) if text in line), None)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 # it was opened with a pipe
        for line in process.stdout:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
