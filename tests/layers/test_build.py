"""What `sam build` calls for each of the template's resources."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.conftest import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def test_each_artifact_is_told_by_its_own_name(tmp_path: Path) -> None:
    """The line with the sizes begins with the resource's name, as `sam` names its folder: there are two functions."""
    command = [sys.executable, "-m", "layers.build", "function", str(tmp_path / "ResizeLargeFunction")]
    done = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ResizeLargeFunction: 0.")
