"""Finds the emulator and the runtime interface client that `make` has installed."""

import platform
from pathlib import Path
from typing import Final

from devtools.lambda_runtime.model import Tools
from resizer.errors import UsageError

PROJECT: Final = Path(__file__).resolve().parents[2]
STACK_ENVIRONMENT: Final = ".venv-stack"
RUNTIME_ENVIRONMENT: Final = ".venv-runtime"
ARCHITECTURES: Final = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def installed_tools(project: Path = PROJECT) -> Tools:
    """The emulator for this machine, and the Python with awslambdaric. Raises `UsageError` if they are missing."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    pattern = f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}"
    emulators = sorted((project / STACK_ENVIRONMENT).glob(pattern))
    python = project / RUNTIME_ENVIRONMENT / "bin" / "python"
    if platform.system() != "Linux" or not emulators or not python.exists():
        raise UsageError(
            "The Lambda runtime is not installed here: run `make runtime` (Linux only) in the project's folder."
        )
    return Tools(emulators[0], python)
