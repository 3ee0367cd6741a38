"""Runs functions in processes of their own, so that a test sees a crash, a hang, or how much memory was taken.

Each is forked from a small process that has loaded only the resizer, not from the test's own.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ADDRESS_SPACE: Final = 3 << 30  # bytes; protects the machine from a bomb
SECONDS: Final = 100  # a function that takes this long has failed


@dataclass(slots=True)
class FreshProcesses:
    """A server process that forks a child for each function, and the pipes to it."""

    server: subprocess.Popen[str]

    @classmethod
    def start(cls) -> FreshProcesses:
        """Start the server."""
        command = [sys.executable, "-m", "tests.support.fresh"]
        root = Path(__file__).parents[2]
        server = subprocess.Popen(
            command,
            cwd=root,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libtiff writes its warnings there
        )
        return cls(server)

    def run(self, function: str, *arguments: Any) -> Any:
        """What `module:function` returns for these arguments, passed as JSON. Fails if it raises or dies."""
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(json.dumps([function, *arguments]) + "\n")
        self.server.stdin.flush()
        answer = json.loads(self.server.stdout.readline())
        assert "died" not in answer, f"{function}{arguments} died of signal {answer['died']}: {answer['last']}"
        return answer["result"]

    def stop(self) -> None:
        """End the server."""
        self.server.communicate()


def peak_memory() -> int:
    """The peak memory of this process in bytes. Only Linux reports it."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024


def note(step: str) -> None:
    """Record the current step, for the error message if this process dies."""
    os.pwrite(_notes, step.encode().ljust(200), 0)


_notes: int = os.memfd_create("notes") if hasattr(os, "memfd_create") else -1


def _serve() -> None:
    warnings.simplefilter("ignore")  # about odd metadata
    for line in sys.stdin:
        function, *arguments = json.loads(line)
        module, name = function.split(":")
        run = getattr(import_module(module), name)
        readable, writable = os.pipe()
        os.pwrite(_notes, bytes(200), 0)
        if not (child := os.fork()):
            os.close(readable)
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(SECONDS)
            with open(writable, "w") as pipe:  # noqa: PTH123 # a descriptor is no path
                json.dump({"result": run(*arguments)}, pipe)
            os._exit(0)
        os.close(writable)
        with open(readable) as pipe:  # noqa: PTH123 # a descriptor is no path
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        if status:
            last = os.pread(_notes, 200, 0).decode().strip("\0 ")
            answer = json.dumps({"died": status, "last": last})
        print(answer, flush=True)  # noqa: T201 # the answer


if __name__ == "__main__":
    _serve()
