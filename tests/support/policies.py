"""IAM's decision for one request, by a role's policy alone: an explicit deny wins, and nothing is allowed unsaid."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any


def allowed(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Whether a role with these statements may do this; conditions are taken to hold."""
    matching = [each for each in statements if _covers(each, "Action", action) and _covers(each, "Resource", resource)]
    effects = {each["Effect"] for each in matching}
    return effects == {"Allow"}


def listed(value: Any) -> list[Any]:
    """A policy's one-or-many as many."""
    return value if isinstance(value, list) else [value]


def _covers(statement: dict[str, Any], element: str, value: str) -> bool:
    if f"Not{element}" in statement:
        return not any(fnmatchcase(value, pattern) for pattern in listed(statement[f"Not{element}"]))
    return any(fnmatchcase(value, pattern) for pattern in listed(statement[element]))
