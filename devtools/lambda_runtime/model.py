"""Values: a built function, the tools to run it, and an invocation's result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtools.lambda_runtime.figures import Figures


@dataclass(frozen=True, slots=True)
class Function:
    """A built function: the folders of its code and layers, and its configuration."""

    code: Path
    layers: tuple[Path, ...] = ()
    handler: str = "resizer.handler.lambda_handler"
    name: str = "ResizeFunction"
    memory_mb: int = 512
    timeout_seconds: int = 60
    environment: Mapping[str, str] = field(default_factory=dict)

    def process_environment(self) -> dict[str, str]:
        """The environment variables that Lambda sets, and none of this machine's.

        Lambda's code folder is read-only, so Python writes no bytecode here either.
        """
        path = [self.code, *(layer / "python" for layer in self.layers)]
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": ":".join(str(folder.resolve()) for folder in path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(self.code.resolve()),
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout_seconds),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            **self.environment,
        }


@dataclass(frozen=True, slots=True)
class Tools:
    """The emulator's executable, and a Python with awslambdaric."""

    emulator: Path
    python: Path


@dataclass(frozen=True, slots=True)
class Result:
    """One invocation: the answer, or the error's type and message; durations; the function's log; peak memory."""

    answer: Any
    error_type: str | None
    error_message: str | None
    figures: Figures
    log: list[str]
    peak_bytes: int | None

    @property
    def failed(self) -> bool:
        """Whether Lambda would count the invocation as an error."""
        return self.error_type is not None
