"""The objects that an event names."""

from typing import Any

from resizer.errors import UnknownEvent
from resizer.events import sender_of
from resizer.model import SourceObject


def sources(event: Any) -> list[SourceObject]:
    """All objects, in order. Raises `UnknownEvent` for the first record that cannot be read."""
    found = []
    for each in sender_of(event).read(event):
        if isinstance(each, UnknownEvent):
            raise each
        found.append(each)
    return found
