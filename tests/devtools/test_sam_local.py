"""`sam local invoke` finds the documented layers and settings, as far as can be tested without Docker."""

import json
import re
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.emulator import emulator
from devtools.lambda_runtime.invoke import read_event
from devtools.lambda_runtime.tools import installed_tools
from resizer.local.embedded import REGION
from resizer.local.service import storage_only
from resizer.s3 import clients
from tests.conftest import BUCKET, PROJECT, needs_built_artifact
from tests.support.pictures import photo_like, saved

pytestmark = needs_built_artifact

ENVIRONMENT = PROJECT / "devtools" / "sam_local.json"
# SAM's own reading of the template, before it starts a container.
READ_BY_SAM = """
import json, sys
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
for given in json.loads(sys.argv[2]):
    stacks, _ = SamLocalStackProvider.get_stacks(sys.argv[1], parameter_overrides=given)
    function = SamFunctionProvider(stacks).get("ResizeFunction")
    layers = [layer.codeuri.rsplit("/", 1)[-1] for layer in function.layers]
    print("READ", json.dumps({"layers": layers, "variables": function.environment["Variables"]}))
"""
LAYERS = {
    ("no", "x86_64"): ["DependenciesX86Layer"],
    ("no", "arm64"): ["DependenciesArmLayer"],
    ("yes", "x86_64"): ["DependenciesX86Layer", "HeicX86Layer"],
    ("yes", "arm64"): ["DependenciesArmLayer", "HeicArmLayer"],
}


@cache
def read_by_sam() -> list[dict[str, Any]]:
    """The built function's layers and variables as SAM reads them, for each row of `LAYERS`."""
    given = json.dumps(
        [{"BucketName": BUCKET, "Heic": heic, "Architecture": architecture} for heic, architecture in LAYERS]
    )
    command: list[str | Path] = [PROJECT / ".venv-stack" / "bin" / "python", "-c", READ_BY_SAM, PROJECT / BUILT, given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line.removeprefix("READ ")) for line in done.stdout.splitlines() if line.startswith("READ ")]


def test_sam_finds_the_layers() -> None:
    """SAM finds all layers with every combination of parameters, because no `AWS::NoValue` is in the list."""
    assert [each["layers"] for each in read_by_sam()] == list(LAYERS.values())


def test_the_documented_environment_works() -> None:
    """The template's variables, with `sam_local.json` over them, resize the sample."""
    own = json.loads(ENVIRONMENT.read_text())["ResizeFunction"]
    variables = {**read_by_sam()[0]["variables"], **own, "AWS_REGION": REGION}
    with storage_only(BUCKET) as service:
        clients.client("s3").put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(600, 400)))
        assert own["AWS_ENDPOINT_URL_S3"] == "http://host.docker.internal:9000"  # a name that only Docker knows
        variables["AWS_ENDPOINT_URL_S3"] = service.endpoint
        # SAM passes what it cannot resolve, such as AWS::NoValue, as nothing (samcli/local/lambdafn/env_vars.py).
        environment = {name: "" if isinstance(value, dict) else str(value) for name, value in variables.items()}
        function = replace(built_function(), environment=environment)
        with emulator(function, installed_tools()) as running:
            result = running.invoke(read_event(PROJECT / "events" / "sam-local-put.json"))
    assert [each["outcome"] for each in result.answer["results"]] == ["resized"]


def test_the_documented_command_is_valid() -> None:
    """The documented command's files exist, and SAM has its options."""
    page = (PROJECT / "docs" / "operating.md").read_text()
    [command] = re.findall(r"\$ (\S*sam local invoke .*?)\n(?=[^ ])", page, re.DOTALL)
    for file in re.findall(r"\S+\.json", command):
        assert (PROJECT / file).exists(), file
    sam = PROJECT / ".venv-stack" / "bin" / "sam"
    help_text = subprocess.run([sam, "local", "invoke", "--help"], capture_output=True, text=True, check=True).stdout
    options = re.findall(r"--[a-z-]+", command)
    assert "--add-host" in options
    assert not [option for option in options if option not in help_text]
