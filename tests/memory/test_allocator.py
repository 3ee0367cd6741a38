"""Freed memory is kept for the next picture if the environment asks glibc for it, and returned on demand."""

import os
import platform
import subprocess
import sys

import pytest
import yaml

from tests.conftest import PROJECT

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc's malloc")

SCRIPT = """
import resource
from resizer.memory.process import resident, return_freed_memory

def pages_taken():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [bytearray(40 << 20) for _ in range(2)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""


class CloudFormationLoader(yaml.SafeLoader):
    """Reads a template and ignores its intrinsic functions."""


CloudFormationLoader.add_multi_constructor("!", lambda *_: None)


def template_environment() -> dict[str, str]:
    template = yaml.load((PROJECT / "template.yaml").read_text(), CloudFormationLoader)  # noqa: S506 # a safe loader
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if name.startswith("MALLOC_")}


def printed(script: str, environment: dict[str, str]) -> list[int]:
    """The numbers that the script prints in a process of its own."""
    command = [sys.executable, "-c", SCRIPT + script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return [int(line) for line in done.stdout.split()]


def test_the_templates_variables_keep_freed_memory() -> None:
    """With the template's variables only the first picture takes new pages; without them every picture does."""
    twice = "for _ in range(3): print(pages_taken())\n"
    kept = printed(twice, template_environment())
    assert max(kept[1:]) < 1000
    assert min(printed(twice, {})) > 10_000


def test_freed_memory_is_returned_on_demand() -> None:
    """Memory that glibc keeps is returned to the system on demand."""
    script = "pages_taken()\nprint(resident())\nreturn_freed_memory()\nprint(resident())\n"
    kept, returned = printed(script, template_environment())
    assert kept - returned > 70 << 20
