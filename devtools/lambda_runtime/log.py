"""A process's output as it comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess

PATIENCE_SECONDS: Final = 10


class Log:
    """A process's output, read in a thread so that the process never waits for us."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(process,), name="process-log", daemon=True)
        self._thread.start()

    def take(self, ending: str) -> list[str]:
        """All lines up to the first that holds `ending`, which are then forgotten; waits for that line."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._end(ending) is not None, PATIENCE_SECONDS)
            end = self._end(ending) or len(self._lines)
            taken, self._lines = self._lines[:end], self._lines[end:]
            return taken

    def rest(self) -> list[str]:
        """The lines that nobody has taken, after the process's end."""
        self._thread.join(PATIENCE_SECONDS)
        return self._lines

    def _end(self, ending: str) -> int | None:
        return next((number for number, line in enumerate(self._lines, 1) if ending in line), None)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 # it was opened with a pipe
        for line in process.stdout:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
