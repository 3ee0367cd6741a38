"""Mistakes of our own, for the tests that see them reported as such."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, cast

import resizer

if TYPE_CHECKING:
    from collections.abc import Callable

# What a slip in our code raises. Pillow takes half of these for signs of a damaged file.
MISTAKES: Final[tuple[type[Exception], ...]] = (
    AttributeError,
    NameError,
    ImportError,
    AssertionError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    SyntaxError,
    EOFError,
    OSError,
    RuntimeError,
    struct.error,
)


def mistake(kind: type[Exception]) -> Callable[..., NoReturn]:
    """A function of any arguments that raises `kind`, in a Python frame of the package."""
    file = Path(resizer.__file__).parent / "mistake.py"
    names: dict[str, object] = {"kind": kind}
    exec(compile("def fail(*_, **__): raise kind('our mistake')", file, "exec"), names)  # noqa: S102 # ours
    return cast("Callable[..., NoReturn]", names["fail"])
