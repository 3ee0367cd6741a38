"""The entry of the command line: `resizer` or `python -m resizer`."""

import signal
import sys


def main() -> None:
    """Run the command line. While it loads, Ctrl-C ends the process at once: there is nothing to clean up yet.

    If the packages of the extra `local` are missing, one line says how to install them; the exit code is 2.
    """
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from resizer.cli.command_line import run  # noqa: PLC0415 # so that Ctrl-C can end the import
        from resizer.cli.commands import app  # noqa: PLC0415 # as above

        signal.signal(signal.SIGINT, interrupt)
        run(app, "resizer")
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] == "resizer":
            raise  # our own bug
        solution = 'run `pip install ".[local]"` in a checkout of Resizer'
        sys.stderr.write(f"resizer: The command needs {missing.name}: {solution}.\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
