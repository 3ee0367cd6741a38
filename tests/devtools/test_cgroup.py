"""Control groups of both versions limit memory and CPU, count what was used, and are removed."""

import subprocess
from pathlib import Path

import pytest

from devtools.cgroup import ControlGroup, Limits, control_group
from resizer.errors import UsageError

ALLOCATE = "import os, sys; held = os.urandom(int(sys.argv[1])); print(len(held))"


def test_a_process_beyond_the_memory_limit_is_killed() -> None:
    """A process within the limit runs and its peak is known; one above it is killed and counted."""
    try:
        with control_group(Limits(memory_bytes=48 << 20)) as group:
            modest = subprocess.run(group.command(["python3", "-c", ALLOCATE, str(20 << 20)]), check=False)
            peak = group.usage().peak_bytes
            greedy = subprocess.run(group.command(["python3", "-c", ALLOCATE, str(80 << 20)]), check=False)
            used = group.usage()
            folders = set(group.folders.values())
    except UsageError as reason:
        pytest.skip(str(reason))
    assert modest.returncode == 0
    assert 20 << 20 <= peak <= 48 << 20
    assert greedy.returncode == -9
    assert used.oom_kills == 1
    assert used.cpu_seconds > 0
    assert not [folder for folder in folders if folder.exists()]


def test_processes_end_with_their_group() -> None:
    """A process that still runs when the block ends is killed."""
    try:
        with control_group(Limits()) as group:
            sleeper = subprocess.Popen(group.command(["sleep", "60"]))
            while sleeper.pid not in group.processes():
                assert sleeper.poll() is None
    except UsageError as reason:
        pytest.skip(str(reason))
    assert sleeper.wait(10) == -9


@pytest.mark.parametrize(
    ("limits", "cpu"),
    [
        (Limits(256 << 20, 0.25), "5000 20000"),
        (Limits(256 << 20), "max 20000"),
        (Limits(256 << 20, 0.01), "1000 20000"),  # the kernel takes no less than a millisecond
    ],
)
def test_limits_of_version_2(tmp_path: Path, limits: Limits, cpu: str) -> None:
    """Version 2 reads limits from `memory.max` and `cpu.max`."""
    ControlGroup(dict.fromkeys(("memory", "cpu", "cpuacct"), tmp_path), 2).limit(limits)
    assert (tmp_path / "memory.max").read_text() == str(256 << 20)
    assert (tmp_path / "cpu.max").read_text() == cpu


def test_usage_of_version_2(tmp_path: Path) -> None:
    """Version 2 reports usage in its own files and units."""
    (tmp_path / "memory.peak").write_text("1048576\n")
    (tmp_path / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    (tmp_path / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\nthrottled_usec 250000\n")
    usage = ControlGroup(dict.fromkeys(("memory", "cpu", "cpuacct"), tmp_path), 2).usage()
    assert (usage.cpu_seconds, usage.throttled_seconds) == (1.5, 0.25)
    assert (usage.peak_bytes, usage.oom_kills) == (1048576, 1)


def test_without_control_groups_one_line_says_what_to_do(tmp_path: Path) -> None:
    """If no group can be created, one line says how to get one."""
    with pytest.raises(UsageError, match="systemd-run"), control_group(Limits(), tmp_path / "missing"):
        pytest.fail("no group can be made here")
