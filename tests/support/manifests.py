"""Settings with a manifest, and the content of one."""

import json
from dataclasses import replace
from typing import Any

from resizer.settings import Settings


def with_manifest(settings: Settings) -> Settings:
    """The same settings, with a manifest and a placeholder for every source."""
    return replace(settings, defaults=replace(settings.defaults, manifest=True, placeholder=True))


def parsed(body: bytes | None) -> dict[str, Any]:
    """A manifest's content."""
    content: dict[str, Any] = json.loads(body or b"")
    return content
