"""Reads from the output of `sam build` a function that the emulator can run: code, layers and settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from devtools.lambda_runtime.model import Function
from devtools.lambda_runtime.template import Stack, load
from resizer.errors import UsageError

BUILT: Final = Path(".aws-sam/build/template.yaml")


def built_function(
    template: Path = BUILT,
    name: str = "ResizeFunction",
    parameters: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Function:
    """A built function with the template's memory size, time limit and variables; `environment` overrides variables.

    Variables that refer to resources of the stack, such as its queues, are missing, because nothing is deployed.
    Raises `UsageError` if nothing was built, or if the template has no such function.
    """
    if not template.exists():
        raise UsageError(f"{template} is missing: run `make build` first.")
    document = load(template)
    stack = Stack.of(document, {"BucketName": "photos", **(parameters or {})})
    common = document.get("Globals", {}).get("Function", {})
    functions = [key for key, each in document["Resources"].items() if each["Type"] == "AWS::Serverless::Function"]
    if name not in functions:
        raise UsageError(f"The template has no function {name}; it has {', '.join(functions)}.")
    own = document["Resources"][name]["Properties"]
    properties: dict[str, Any] = stack.resolve({**common, **own})
    settings: dict[str, Any] = stack.resolve({**_variables(common), **_variables(own)})
    layers = [document["Resources"][layer["Ref"]]["Properties"]["ContentUri"] for layer in properties["Layers"]]
    known = {key: str(value) for key, value in settings.items() if isinstance(value, str | int)}
    return Function(
        code=template.parent / own["CodeUri"],
        layers=tuple(template.parent / layer for layer in layers),
        handler=str(properties["Handler"]),
        name=name,
        memory_mb=int(properties["MemorySize"]),
        timeout_seconds=int(properties["Timeout"]),
        environment={**known, **(environment or {})},
    )


def _variables(properties: Mapping[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = properties.get("Environment", {}).get("Variables", {})
    return variables
