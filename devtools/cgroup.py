"""Limits a process's memory and CPU with a control group, and measures how much it used.

Linux only, cgroup version 1 or 2. You need write access to a folder of /sys/fs/cgroup: root has it, other users get it
with `systemd-run --user --scope --property=Delegate=yes COMMAND`.
"""

import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resizer.errors import UsageError

ROOT: Final = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS: Final = 20_000  # short, so that a process runs slowly but steadily, not stop and go
CONTROLLERS: Final = ("memory", "cpu", "cpuacct")
TIMEOUT_SECONDS: Final = 5
OWN_GROUP: Final = "resizer-own"
NO_GROUP: Final = (
    "No control group can be created here: {}. Run this as root, or with "
    "`systemd-run --user --scope --property=Delegate=yes`."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a group: memory in bytes, and processors as a number such as 0.29; None means no limit."""

    memory_bytes: int | None = None
    processors: float | None = None
    period_microseconds: int = PERIOD_MICROSECONDS

    @property
    def quota_microseconds(self) -> int | None:
        """CPU time per period; the kernel's minimum is 1,000."""
        return max(1000, round(self.processors * self.period_microseconds)) if self.processors else None


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a group has used so far: CPU time, peak memory, and processes killed because memory ran out."""

    cpu_seconds: float
    throttled_seconds: float
    peak_bytes: int
    oom_kills: int


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One group; `folders` has each controller's folder, which in version 2 is the same for all."""

    folders: Mapping[str, Path]
    version: int

    def command(self, command: Sequence[str]) -> list[str]:
        """The command line that runs `command`, and all its children, in the group."""
        join = "".join(f"echo $$ > '{folder}/cgroup.procs' && " for folder in sorted(set(self.folders.values())))
        return ["/bin/sh", "-c", f'{join}exec "$@"', "sh", *command]

    def limit(self, limits: Limits) -> None:
        """Set the group's limits, and turn off swap."""
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
        """How much the group has used since it was created."""
        memory, cpu = self.folders["memory"], _pairs(self.folders["cpu"] / "cpu.stat")
        if self.version == 1:
            return Usage(
                cpu_seconds=_number(self.folders["cpuacct"] / "cpuacct.usage") / 1e9,
                throttled_seconds=cpu.get("throttled_time", 0) / 1e9,
                peak_bytes=_number(memory / "memory.max_usage_in_bytes"),
                oom_kills=_pairs(memory / "memory.oom_control").get("oom_kill", 0),
            )
        return Usage(
            cpu_seconds=cpu["usage_usec"] / 1e6,
            throttled_seconds=cpu.get("throttled_usec", 0) / 1e6,
            peak_bytes=_number(memory / "memory.peak"),  # since Linux 5.19
            oom_kills=_pairs(memory / "memory.events").get("oom_kill", 0),
        )

    def processes(self) -> list[int]:
        """The process ids in the group."""
        return [int(line) for line in (self.folders["memory"] / "cgroup.procs").read_text().split()]

    def remove(self) -> None:
        """Kill the group's processes and remove it. Raises `UsageError` if it still exists after some seconds."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        for folder in set(self.folders.values()):
            while folder.exists():
                self._kill_processes(folder)
                try:
                    folder.rmdir()
                except OSError as problem:  # killed processes stay in the group for a moment
                    if time.monotonic() > deadline:
                        raise UsageError(f"{folder} cannot be removed: {problem.strerror}.") from problem
                    time.sleep(0.005)

    @staticmethod
    def _kill_processes(folder: Path) -> None:
        for process in map(int, (folder / "cgroup.procs").read_text().split()):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue


@contextmanager
def control_group(limits: Limits, root: Path = ROOT) -> Iterator[ControlGroup]:
    """Create a group with limits; the end of the block kills its processes and removes it.

    Raises `UsageError` if no group can be created, and says what to do.
    """
    group = _create(root)
    try:
        try:
            group.limit(limits)
        except OSError as problem:
            raise UsageError(NO_GROUP.format(problem)) from problem
        yield group
    finally:
        group.remove()


def _create(root: Path) -> ControlGroup:
    if sys.platform != "linux":
        raise UsageError("Control groups exist only on Linux; run this there.")
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
    """In version 2: the root group if we can write to it, or else the group that was delegated to us.

    A group with processes cannot enable controllers for its children, so move its processes to a child first.
    """
    parent = root
    if not os.access(root / "cgroup.procs", os.W_OK):
        own = Path("/proc/self/cgroup").read_text(encoding="ascii").partition("0::/")[2].strip()
        parent = root / own.removesuffix(OWN_GROUP)
    try:
        _write(parent / "cgroup.subtree_control", "+memory +cpu")
    except OSError:
        (parent / OWN_GROUP).mkdir(exist_ok=True)
        for process in (parent / "cgroup.procs").read_text(encoding="ascii").split():
            _write(parent / OWN_GROUP / "cgroup.procs", process)
        _write(parent / "cgroup.subtree_control", "+memory +cpu")
    return parent


def _write(file: Path, value: object) -> None:
    file.write_text(str(value), encoding="ascii")


def _number(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))


def _pairs(file: Path) -> dict[str, int]:
    lines = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return {name: int(value) for name, value in lines}
