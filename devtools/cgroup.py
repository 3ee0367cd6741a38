"""A control group that holds a process to a memory size and a share of the processor, and counts what it used.

Linux only, version 1 or 2. A group needs a folder of /sys/fs/cgroup that may be written: root has one, others get
one by `systemd-run --user --scope --property=Delegate=yes COMMAND`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT: Final = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS: Final = 20_000  # short, so that a share of a processor is slow throughout, not stop and go
CONTROLLERS: Final = ("memory", "cpu", "cpuacct")
PATIENCE_SECONDS: Final = 5
OWN: Final = "resizer-own"
NO_GROUP: Final = (
    "No control group can be made here: {}. Run this as root, or below "
    "`systemd-run --user --scope --property=Delegate=yes`."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a group may use at most: memory in bytes, processors as a number such as 0.29; None is no limit."""

    memory_bytes: int | None = None
    processors: float | None = None
    period_microseconds: int = PERIOD_MICROSECONDS

    @property
    def quota_microseconds(self) -> int | None:
        """Processor time per period; the kernel takes no less than 1,000."""
        return max(1000, round(self.processors * self.period_microseconds)) if self.processors else None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a group has used so far: seconds of processor time, the most memory in bytes, kills for lack of it."""

    cpu_seconds: float
    throttled_seconds: float
    peak_bytes: int
    oom_kills: int


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One group; `folders` has the folder of each controller, all the same one in version 2."""

    folders: Mapping[str, Path]
    version: int

    def command(self, command: Sequence[str]) -> list[str]:
        """A command that joins the group before it becomes `command`, so that all its children are in it too."""
        join = "".join(f"echo $$ > '{folder}/cgroup.procs' && " for folder in sorted(set(self.folders.values())))
        return ["/bin/sh", "-c", f'{join}exec "$@"', "sh", *command]

    def limit(self, limits: Limits) -> None:
        """Hold the group to limits, with no swap to get around them."""
        memory, cpu, quota = self.folders["memory"], self.folders["cpu"], limits.quota_microseconds
        if self.version == 1:
            amount = limits.memory_bytes if limits.memory_bytes is not None else -1
            _write(memory / "memory.limit_in_bytes", amount)
            _write(memory / "memory.swappiness", 0)
            _write(cpu / "cpu.cfs_period_us", limits.period_microseconds)
            _write(cpu / "cpu.cfs_quota_us", quota or -1)
        else:
            _write(memory / "memory.max", "max" if limits.memory_bytes is None else limits.memory_bytes)
            if (memory / "memory.swap.max").exists():
                _write(memory / "memory.swap.max", 0)
            _write(cpu / "cpu.max", f"{quota or 'max'} {limits.period_microseconds}")

    def usage(self) -> Usage:
        """What the group has used since it was made."""
        memory, throttling = self.folders["memory"], _pairs(self.folders["cpu"] / "cpu.stat")
        if self.version == 1:
            return Usage(
                cpu_seconds=_number(self.folders["cpuacct"] / "cpuacct.usage") / 1e9,
                throttled_seconds=throttling.get("throttled_time", 0) / 1e9,
                peak_bytes=_number(memory / "memory.max_usage_in_bytes"),
                oom_kills=_pairs(memory / "memory.oom_control").get("oom_kill", 0),
            )
        return Usage(
            cpu_seconds=throttling["usage_usec"] / 1e6,
            throttled_seconds=throttling.get("throttled_usec", 0) / 1e6,
            peak_bytes=_number(memory / "memory.peak"),  # since Linux 5.19
            oom_kills=_pairs(memory / "memory.events").get("oom_kill", 0),
        )

    def processes(self) -> list[int]:
        """The processes in the group."""
        return [int(line) for line in (self.folders["memory"] / "cgroup.procs").read_text().split()]

    def remove(self) -> None:
        """End what still runs in the group, and the group with it. Raises `UsageError` where it does not end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for folder in set(self.folders.values()):
            while folder.exists():
                self._end_processes(folder)
                try:
                    folder.rmdir()
                except OSError as problem:  # the kernel is still burying its processes
                    if time.monotonic() > deadline:
                        raise UsageError(f"{folder} cannot be removed: {problem.strerror}.") from problem
                    time.sleep(0.005)

    @staticmethod
    def _end_processes(folder: Path) -> None:
        for process in map(int, (folder / "cgroup.procs").read_text().split()):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue


@contextmanager
def control_group(limits: Limits, root: Path = ROOT) -> Iterator[ControlGroup]:
    """A new group with limits, removed with all that runs in it at the block's end.

    Raises `UsageError` where none can be made, saying what to do.
    """
    group = _make(root)
    try:
        try:
            group.limit(limits)
        except OSError as problem:
            raise UsageError(NO_GROUP.format(problem)) from problem
        yield group
    finally:
        group.remove()


def _make(root: Path) -> ControlGroup:
    if sys.platform != "linux":
        raise UsageError("Control groups are a part of Linux; run this there.")
    name = f"resizer-{uuid.uuid4().hex[:12]}"
    version = 2 if (root / "cgroup.controllers").exists() else 1
    try:
        if version == 1:
            folders = {controller: root / controller / name for controller in CONTROLLERS}
        else:
            folders = dict.fromkeys(CONTROLLERS, _parent(root) / name)
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise UsageError(NO_GROUP.format(problem)) from problem
    return ControlGroup(folders, version)


def _parent(root: Path) -> Path:
    """Version 2: the top where we may write it, or else the group that was delegated to us.

    Only a group without processes of its own passes controllers on, so they move to a group below it first.
    """
    parent = root
    if not os.access(root / "cgroup.procs", os.W_OK):
        own = Path("/proc/self/cgroup").read_text(encoding="ascii").partition("0::/")[2].strip()
        parent = root / own.removesuffix(OWN)
    try:
        _write(parent / "cgroup.subtree_control", "+memory +cpu")
    except OSError:
        (parent / OWN).mkdir(exist_ok=True)
        for process in (parent / "cgroup.procs").read_text(encoding="ascii").split():
            _write(parent / OWN / "cgroup.procs", process)
        _write(parent / "cgroup.subtree_control", "+memory +cpu")
    return parent


def _write(file: Path, value: object) -> None:
    file.write_text(str(value), encoding="ascii")


def _number(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))


def _pairs(file: Path) -> dict[str, int]:
    lines = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return {name: int(value) for name, value in lines}
