"""Freed memory serves the next picture where the environment asks glibc for it, and is given back on demand."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
import yaml

from tests.conftest import PROJECT

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc's malloc")

PIECES = """
import resource
from resizer.memory.process import resident, return_freed_memory

def pages_taken():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [bytearray(40 << 20) for _ in range(2)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""


class CloudFormationLoader(yaml.SafeLoader):
    """Reads a template whose intrinsic functions nobody needs."""


CloudFormationLoader.add_multi_constructor("!", lambda *_: None)


def template_environment() -> dict[str, str]:
    template = yaml.load((PROJECT / "template.yaml").read_text(), CloudFormationLoader)  # noqa: S506 # a safe loader
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if name.startswith("MALLOC_")}


def printed(script: str, environment: dict[str, str]) -> list[int]:
    """The numbers that a process of its own prints."""
    command = [sys.executable, "-c", PIECES + script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return [int(line) for line in done.stdout.split()]


def test_the_templates_variables_keep_freed_memory() -> None:
    """With them the second picture takes no fresh pages; without them it takes as many as the first."""
    twice = "for _ in range(3): print(pages_taken())\n"
    kept = printed(twice, template_environment())
    assert max(kept[1:]) < 1000
    assert min(printed(twice, {})) > 10_000


def test_everything_is_given_back_on_demand() -> None:
    """Kept memory counts as used only until somebody needs it."""
    script = "pages_taken()\nprint(resident())\nreturn_freed_memory()\nprint(resident())\n"
    kept, given_back = printed(script, template_environment())
    assert kept - given_back > 70 << 20
