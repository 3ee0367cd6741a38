"""`sam build` calls `layers.build` for each resource of the template."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT


def test_the_size_line_names_the_resource(tmp_path: Path) -> None:
    """The line with the sizes starts with the resource's name, because there are two functions."""
    command = [sys.executable, "-m", "layers.build", "function", str(tmp_path / "ResizeLargeFunction")]
    done = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ResizeLargeFunction: 0.")
