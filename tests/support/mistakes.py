"""Raises mistakes of our own, for the tests that they are reported as such."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, cast

import resizer

# What a bug of ours may raise. Pillow takes half of these for a damaged file.
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
    """A function that raises `kind`, whatever its arguments, in a frame of the package."""
    file = Path(resizer.__file__).parent / "mistake.py"
    names: dict[str, object] = {"kind": kind}
    exec(compile("def fail(*_, **__): raise kind('our mistake')", file, "exec"), names)  # noqa: S102 # ours
    return cast("Callable[..., NoReturn]", names["fail"])
