"""`python -m devtools.deploy`: what `make deploy` runs, by the Python that has `sam` beside it."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devtools.deploy import target
from devtools.deploy.parameters import again, check_prefixes, overrides, parse, words
from devtools.deploy.questions import ask
from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.template import load
from resizer.errors import ConfigError, UsageError
from resizer.settings import Settings, file

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE: Final = Path("template.yaml")
UNASKED: Final = (
    *("--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
    *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
)
NO_TERMINAL: Final = (
    'There is no terminal to ask in: say PARAMETERS="BucketName=my-photos"; docs/operating.md has more.'
)


def main() -> int:
    """Check, ask and deploy; with `--check` only check. The exit code is that of `sam deploy`."""
    options = argparse.ArgumentParser(prog="make deploy")
    options.add_argument("--name", required=True)
    options.add_argument("--check", action="store_true")
    asked = options.parse_args()
    try:
        return deploy(asked.name, os.environ, only_check=asked.check)
    except (UsageError, ConfigError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 # this is a command
        return 2
    except (EOFError, KeyboardInterrupt):
        print("\nNothing was deployed.", file=sys.stderr)  # noqa: T201 # this is a command
        return 130


def deploy(name: str, variables: Mapping[str, str], *, only_check: bool) -> int:
    """Deploy the stack as PARAMETERS, ARGS and EMULATED say, asking for the parameters where there are none."""
    declared = load(TEMPLATE)["Parameters"]
    given = parse(variables.get("PARAMETERS", ""), declared)
    extra = words(variables.get("ARGS", ""), "ARGS")
    if not given and not sys.stdin.isatty():
        raise UsageError(NO_TERMINAL)
    session = target.session()
    target.check(session, emulated=variables.get("EMULATED") == "yes")
    if only_check:
        return 0
    deployed = target.deployed_parameters(session, name)
    asked = not given
    given = given or ask(declared, deployed, read=input, tell=print)
    check_prefixes({**deployed, **given}, declared)
    check_settings({**deployed, **given})
    if asked:
        print(f"\nThe same without questions:\n  {again(name, given)}\n")  # noqa: T201 # this is a command
    command = [str(Path(sys.executable).with_name("sam")), "deploy", "--stack-name", name, *UNASKED]
    command += ["--region", str(session.get_config_variable("region"))]
    command += ["--parameter-overrides", *overrides(given), *extra]
    print(shlex.join(["sam", *command[1:]]), flush=True)  # noqa: T201 # this is a command
    environment = {**variables, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 # no shell, our own words


def check_settings(parameters: Mapping[str, str], template: Path = BUILT) -> None:
    """Raise `ConfigError` if the built function would not start with these parameters and its `resizer.toml`."""
    function = built_function(template, parameters=parameters)
    packed = function.code / file.NAME
    config = {file.VARIABLE: str(packed)} if packed.exists() else {}
    Settings.from_env({**function.environment, **config})


if __name__ == "__main__":
    sys.exit(main())
