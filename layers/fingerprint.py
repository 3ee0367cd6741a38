"""A fingerprint of what the layers are made from.

SAM publishes a new version of a function only where the function's own code or settings change, so a layer's change
alone would never reach the alias. The fingerprint is a file in the function's code and changes with every layer.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from devtools.lambda_runtime.interpreter import VERSION

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "layers.sha256"
MADE_FROM: Final = ("requirements/runtime.txt", "requirements/heic.txt", "layers/*.py")


def fingerprint(project: Path) -> str:
    """SHA-256 over the pins of all layers, the code that builds them, and the runtime's version."""
    digest = hashlib.sha256(VERSION.encode())
    for pattern in MADE_FROM:
        for file in sorted(project.glob(pattern)):
            digest.update(f"\0{file.relative_to(project).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
