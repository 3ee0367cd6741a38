"""Parses the emulator's log of one invocation into durations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

INIT: Final = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")
INIT_STATUS: Final = re.compile(r"INIT RTDONE\(status: (\w+)\)")
DONE: Final = re.compile(r"INVOKE RTDONE\(status: (\w+), produced bytes: \d+, duration: ([\d.]+)ms\)")
REPORT: Final = re.compile(r"^REPORT RequestId: \S+\t.*?(?<!Init )Duration: ([\d.]+) ms\tBilled Duration: (\d+) ms")
EMULATOR: Final = re.compile(r"^(\d\d \w{3} \d{4} \S+ \[\w+\] \(rapid\) |START |END |REPORT )")


@dataclass(frozen=True, slots=True)
class Figures:
    """Durations of one invocation in milliseconds; None if the emulator's log does not contain them.

    Only a cold start has `init_ms`. `duration_ms` is the handler's own time. `report_ms` and `billed_ms` come from the
    REPORT line, and include the initialisation of a cold start.
    """

    init_ms: float | None = None
    init_status: str | None = None
    duration_ms: float | None = None
    status: str | None = None
    report_ms: float | None = None
    billed_ms: int | None = None
    report: str | None = None

    @property
    def cold(self) -> bool:
        """Whether this invocation was a cold start."""
        return self.init_status is not None or self.init_ms is not None


def read_figures(lines: Sequence[str]) -> Figures:
    """Parse the log lines of one invocation."""
    text = "\n".join(lines)
    init, init_status, done = INIT.search(text), INIT_STATUS.search(text), DONE.search(text)
    line = next((each for each in lines if each.startswith("REPORT ")), None)
    report = REPORT.match(line) if line else None
    return Figures(
        init_ms=float(init[1]) if init else None,
        init_status=init_status[1] if init_status else None,
        duration_ms=float(done[2]) if done else None,
        status=done[1] if done else None,
        report_ms=float(report[1]) if report else None,
        billed_ms=int(report[2]) if report else None,
        report=line.strip() if line else None,
    )


def function_log(lines: Sequence[str]) -> list[str]:
    """Keep the lines that the function itself wrote."""
    return [line for line in lines if not EMULATOR.match(line)]
