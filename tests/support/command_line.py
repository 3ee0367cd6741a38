"""Runs `resizer` in a process of its own, forked from one that has loaded the libraries, which takes a second."""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

SECONDS: Final = 60  # a command that takes this long has failed
# Of ours, only modules that do not read the environment when they are imported; each process imports the others itself.
LIBRARIES: Final = (
    "PIL.Image",
    "aws_lambda_powertools.metrics",
    "botocore.session",
    "jinja2",
    "moto.moto_server.werkzeug_app",
    "moto.s3.models",
    "moto.sqs.models",
    "pydantic.type_adapter",  # typer loads it if it is installed
    "resizer.cli.commands",
    "resizer.cli.files",
    "resizer.cli.settings",
    "resizer.cli.sheet",
    "resizer.cli.sources",
    "resizer.cli.tables",
    "resizer.local.demo",
    "resizer.local.event_log",
    "resizer.local.samples",
    "rich.table",
    "typer.rich_utils",
)


def resizer(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these variables added to the environment. Return its exit code and its output."""
    server = _server()
    assert server.stdin
    assert server.stdout
    words = list(map(str, arguments))
    with tempfile.TemporaryDirectory() as folder:
        request = {"words": words, "cwd": str(cwd), "environ": {**os.environ, **environment}, "out": folder}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        stdout, stderr = ((Path(folder) / name).read_text() for name in ("stdout", "stderr"))
    return subprocess.CompletedProcess(words, code, stdout, stderr)


@cache
def _server() -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.support.command_line"]
    server = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()  # otherwise the garbage collector of each child would copy these pages
    for line in sys.stdin:
        if not (child := os.fork()):
            _run(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 # the answer


def _run(request: dict[str, Any]) -> NoReturn:
    signal.alarm(SECONDS)
    for number, name in enumerate(("stdout", "stderr"), 1):
        os.dup2(os.open(Path(request["out"]) / name, os.O_WRONLY | os.O_CREAT), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    sys.argv = ["resizer", *request["words"]]
    code = 1
    try:
        from resizer.__main__ import main  # noqa: PLC0415 # after the environment is set

        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 # as Python itself does
        traceback.print_exc()
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
