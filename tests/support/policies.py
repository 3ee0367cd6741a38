"""IAM's decision by a role's policy alone: an explicit deny wins, and what no statement allows is denied."""

from fnmatch import fnmatchcase
from typing import Any


def allowed(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Whether a role with these statements may do this. Conditions count as met."""
    matching = [each for each in statements if _covers(each, "Action", action) and _covers(each, "Resource", resource)]
    effects = {each["Effect"] for each in matching}
    return effects == {"Allow"}


def listed(value: Any) -> list[Any]:
    """A policy's single value or list as a list."""
    return value if isinstance(value, list) else [value]


def _covers(statement: dict[str, Any], element: str, value: str) -> bool:
    if f"Not{element}" in statement:
        return not any(fnmatchcase(value, pattern) for pattern in listed(statement[f"Not{element}"]))
    return any(fnmatchcase(value, pattern) for pattern in listed(statement[element]))
