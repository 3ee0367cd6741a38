"""Globs over S3 keys: `*`, `?` and `[a-z]` within a folder, `**` across folders.

A key is split at its slashes and nothing else: `a//b` has a folder without a name, and `.` and `..` are names like any
other, as they are to S3. `fnmatch` matches each name, so a hostile key cannot make a glob take long.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

ACROSS = "**"


def glob_mistake(glob: str) -> str | None:
    """Say what is wrong with a glob, in words that follow its path; None where nothing is."""
    if not glob:
        return "must not be empty; ** matches every key"
    if any(ACROSS in part and part != ACROSS for part in glob.split("/")):
        return "must have ** alone between slashes, such as photos/**/*.jpg"
    return None


def matches(glob: str, key: str) -> bool:
    """Whether a key matches a glob; case counts. It takes time in proportion to the lengths of both, multiplied.

    `photos/**` matches what is in the folder, and not a key `photos`.
    """
    parts, names = glob.split("/"), key.split("/")
    part = name = 0
    retry: tuple[int, int] | None = None  # the part behind the last **, and the name to try it with next
    while name < len(names):
        if part < len(parts) and parts[part] == ACROSS:
            part += 1
            retry = part, name + 1
        elif part < len(parts) and fnmatchcase(names[name], parts[part]):
            part, name = part + 1, name + 1
        elif retry:
            part, name = retry
            retry = part, name + 1
        else:
            return False
    return part == len(parts)
