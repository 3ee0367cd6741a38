"""Finds the imports of a module in its source."""

import ast
from collections.abc import Iterator


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, except those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"):
            yield child
            yield from running(child)


def imports(tree: ast.Module) -> set[str]:
    """The full names of everything that a module imports when it runs, also inside its functions."""
    names: set[str] = set()
    for node in running(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names
