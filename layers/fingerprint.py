"""The fingerprint of the layers: a hash of everything that goes into them.

SAM publishes a new version only if the function's own code or settings change, so a new layer alone would never reach
the alias. That is why the function's code contains this fingerprint.
"""

import hashlib
from pathlib import Path
from typing import Final

from devtools.lambda_runtime.interpreter import VERSION

FILE_NAME: Final = "layers.sha256"
INPUTS: Final = ("requirements/runtime.txt", "requirements/heic.txt", "layers/*.py")


def fingerprint(project: Path) -> str:
    """SHA-256 of the layers' pinned packages, the code that builds them, and the Python version."""
    digest = hashlib.sha256(VERSION.encode())
    for pattern in INPUTS:
        for file in sorted(project.glob(pattern)):
            digest.update(f"\0{file.relative_to(project).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
