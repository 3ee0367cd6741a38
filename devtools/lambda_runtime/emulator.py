"""Starts AWS's Runtime Interface Emulator with a built artifact, and invokes it with one event at a time.

The emulator crashes if it gets a second request before it has answered the first. Its `Max Memory Used` and
`Init Duration` are placeholders, so we read the memory from the control group or the process. It answers HTTP 200 if
the function raises an error.
"""

import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from devtools.cgroup import ControlGroup
from devtools.lambda_runtime.figures import function_log, read_figures
from devtools.lambda_runtime.log import Log
from devtools.lambda_runtime.model import Function, Result, Tools
from resizer.errors import UsageError

HOST: Final = "127.0.0.1"
PATH: Final = "/2015-03-31/functions/function/invocations"
TIMEOUT_SECONDS: Final = 10
TIMED_OUT: Final = "Task timed out after "
# The last log line of an invocation, and the last one if the function's process has ended.
LAST_LINE: Final = "REPORT RequestId: "
LAST_LINE_AFTER_CRASH: Final = "Waiting for runtime domain processes termination"


class Emulator:
    """A running emulator; invocations from several threads run one after the other."""

    def __init__(self, process: subprocess.Popen[str], port: int, group: ControlGroup | None) -> None:
        self._process = process
        self._url = f"http://{HOST}:{port}{PATH}"
        self._group = group
        self._lock = threading.Lock()
        self._log = Log(process)

    def invoke(self, event: object) -> Result:
        """Send one event and wait for its answer; if the function fails, the result contains its error.

        Raises `UsageError` if the emulator itself has ended.
        """
        with self._lock:
            status, body = self._send(json.dumps(event).encode())
            lines = self._log.read_through(LAST_LINE_AFTER_CRASH if status >= 500 else LAST_LINE)
            answer, error_type, message = _parse(status, body)
            return Result(answer, error_type, message, read_figures(lines), function_log(lines), self._peak())

    def _send(self, event: bytes) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self._url, event) as response:  # noqa: S310 # always http on loopback
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError as problem:
            last_lines = " ".join(self._log.remaining()[-3:])
            raise UsageError(f"The Lambda emulator has ended: {problem}. {last_lines}") from problem

    def _peak(self) -> int | None:
        """Peak memory in bytes, of the group or of the function's process; None if the process has ended."""
        if self._group:
            return self._group.usage().peak_bytes
        tasks = Path(f"/proc/{self._process.pid}/task")
        children = " ".join(_text(task / "children") for task in (tasks.iterdir() if tasks.exists() else ())).split()
        status = _text(Path(f"/proc/{children[0]}/status")) if children else ""
        kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
        return int(kilobytes) * 1024 if kilobytes else None


@contextmanager
def emulator(function: Function, tools: Tools, group: ControlGroup | None = None) -> Iterator[Emulator]:
    """Run the emulator during the block. The group limits the function's process, not the emulator's.

    The function starts with the first invocation. Raises `UsageError` if the emulator does not start.
    """
    client = [str(tools.python), "-m", "awslambdaric", function.handler]
    port, runtime_port = free_ports(2)
    command = [str(tools.emulator), "--log-level", "info"]
    command += ["--runtime-interface-emulator-address", f"{HOST}:{port}"]
    command += ["--runtime-api-address", f"{HOST}:{runtime_port}"]
    process = subprocess.Popen(  # noqa: S603 # no shell, and our own command
        command + (group.command(client) if group else client),
        cwd=function.code,
        env=function.process_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        running = Emulator(process, port, group)
        wait_until_open(process, port)
        yield running
    finally:
        _stop(process)


def wait_until_open(process: subprocess.Popen[Any], port: int) -> None:
    """Wait until a process listens on a loopback port. Raises `UsageError` if it ends or takes too long."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.01)
    raise UsageError(f"Nothing listens on port {port}: the process did not start, exit code {process.poll()}.")


def _stop(process: subprocess.Popen[str]) -> None:
    """Stop the emulator, which stops the function's process."""
    process.terminate()
    try:
        process.wait(TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_ports(count: int) -> list[int]:
    """Free loopback ports."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind((HOST, 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _parse(status: int, body: str) -> tuple[Any, str | None, str | None]:
    """The answer, or the error's type and message."""
    if body.startswith(TIMED_OUT):
        return None, "Sandbox.Timedout", body
    answer = json.loads(body) if body else None
    if isinstance(answer, dict) and {"errorType", "errorMessage"} <= answer.keys():
        return None, str(answer["errorType"]), str(answer["errorMessage"])
    return (answer, None, None) if status < 400 else (None, f"HTTP {status}", body)


def _text(file: Path) -> str:
    """Read a file of /proc; empty if the process has ended."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
