"""The entry of the command line: `resizer` or `python -m resizer`."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line. While it loads, Ctrl-C ends the process at once, for there is nothing to put in order."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from resizer.cli.command_line import run  # noqa: PLC0415 # as said
    from resizer.cli.commands import app  # noqa: PLC0415 # as said

    signal.signal(signal.SIGINT, interrupt)
    run(app, "resizer")


if __name__ == "__main__":
    main()
