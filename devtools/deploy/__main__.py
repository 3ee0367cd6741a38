"""`python -m devtools.deploy`: `make deploy` runs it with the Python of the environment that contains `sam`."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from devtools.deploy import target
from devtools.deploy.parameters import check_together, overrides, parse, repeat_command, split_words
from devtools.deploy.questions import ask
from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.template import load
from resizer.errors import ConfigError, UsageError
from resizer.settings import Settings, file

TEMPLATE: Final = Path("template.yaml")
SAM_OPTIONS: Final = (
    *("--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
    *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
)
NO_TERMINAL: Final = (
    'There is no terminal to ask on: set PARAMETERS="BucketName=my-photos". See docs/operating.md for the others.'
)


def main() -> int:
    """Check, ask and deploy; `--check` and `--check-account` only check. Returns the exit code of `sam deploy`."""
    parser = argparse.ArgumentParser(prog="make deploy")
    parser.add_argument("--name", required=True)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--check-account", action="store_true", help="check only region and credentials")
    args = parser.parse_args()
    try:
        if args.check_account:
            target.session()
            return 0
        return deploy(args.name, os.environ, only_check=args.check)
    except (UsageError, ConfigError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 # this is a command
        return 2
    except (EOFError, KeyboardInterrupt):
        print("\nNothing was deployed.", file=sys.stderr)  # noqa: T201 # this is a command
        return 130


def deploy(name: str, environ: Mapping[str, str], *, only_check: bool) -> int:
    """Deploy the stack with the variables PARAMETERS, ARGS and EMULATED; asks for the parameters if there are none."""
    declared = load(TEMPLATE)["Parameters"]
    given = parse(environ.get("PARAMETERS", ""), declared)
    extra = split_words(environ.get("ARGS", ""), "ARGS")
    if not given and not sys.stdin.isatty():
        raise UsageError(NO_TERMINAL)
    session = target.session()
    target.check_endpoints(session, emulated=environ.get("EMULATED") == "yes")
    if only_check and not given:
        return 0
    deployed = target.deployed_parameters(session, name)
    parameters = given or ask(declared, deployed, read=input, write=print)
    check_together({**deployed, **parameters}, declared)
    if only_check:
        return 0
    check_settings({**deployed, **parameters})
    if not given:
        command_line = repeat_command(name, parameters)
        print(f"\nThe same without questions:\n  {command_line}\n")  # noqa: T201 # this is a command
    command = [str(Path(sys.executable).with_name("sam")), "deploy", "--stack-name", name, *SAM_OPTIONS]
    command += ["--region", str(session.get_config_variable("region"))]
    command += ["--parameter-overrides", *overrides(parameters), *extra]
    print(shlex.join(["sam", *command[1:]]), flush=True)  # noqa: T201 # this is a command
    environment = {**environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 # no shell


def check_settings(parameters: Mapping[str, str], template: Path = BUILT) -> None:
    """Raise `ConfigError` if the built function would not start with these parameters and its `resizer.toml`."""
    function = built_function(template, parameters=parameters)
    packed = function.code / file.NAME
    config = {file.VARIABLE: str(packed)} if packed.exists() else {}
    Settings.from_env({**function.environment, **config})


if __name__ == "__main__":
    sys.exit(main())
