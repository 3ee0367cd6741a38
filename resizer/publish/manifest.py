"""The manifest of a source: a JSON object in S3, and the detail of the event about its renditions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from resizer.model import Header, Placeholder, SourceObject, StoredRendition

VERSION: Final = 1  # of the layout; it does not change for an additional field


@dataclass(frozen=True, slots=True)
class Manifest:
    """One upload of a source, its stored `size` in bytes, and its renditions in `bucket`.

    They are sorted by width, height and name.
    """

    source: SourceObject
    etag: str
    size: int | None
    header: Header
    bucket: str
    renditions: tuple[StoredRendition, ...]
    placeholder: Placeholder | None = None

    def content(self) -> dict[str, Any]:
        """The manifest as a JSON object; sizes are in bytes and upright pixels."""
        width, height = self.header.upright_size
        return {
            "version": VERSION,
            "source": {
                "bucket": self.source.bucket,
                "key": self.source.key,
                "etag": self.etag,
                "size": self.size,
                "width": width,
                "height": height,
                "format": self.header.format.lower(),
            },
            "bucket": self.bucket,
            "renditions": [
                {**each.described(), "path": path(each.plan.key), "type": each.plan.content_type}
                for each in self.renditions
            ],
            "srcset": dict(self._source_sets()),
            "thumbhash": self.placeholder and self.placeholder.thumbhash,
            "color": self.placeholder and self.placeholder.color,
        }

    def body(self) -> bytes:
        """The manifest as the bytes of a file."""
        return as_json(self.content()).encode()

    def _source_sets(self) -> Iterator[tuple[str, str]]:
        """A `srcset` per format, of renditions with the same content: the whole picture, or else the widest's crop.

        A browser picks by width alone, so each width is in it once.
        """
        upright, widest = self.header.upright_size, self.renditions[-1].plan.size
        whole = any(_same_shape(each.plan.size, upright) for each in self.renditions)
        shape = upright if whole else widest
        by_format: dict[str, dict[int, str]] = {}
        for plan in (each.plan for each in self.renditions):
            if _same_shape(plan.size, shape):
                by_format.setdefault(plan.format.lower(), {}).setdefault(plan.size[0], path(plan.key))
        for format_, paths in by_format.items():
            yield format_, ", ".join(f"{each} {width}w" for width, each in paths.items())


def path(key: str) -> str:
    """The percent-encoded URL path of an object, from the root of its bucket or CDN.

    Slashes stay, unless a browser would read the text next to them as a host or as `..`.
    """
    misread = key.startswith("/") or not {".", ".."}.isdisjoint(key.split("/"))
    return "/" + quote(key, safe="" if misread else "/")


def as_json(content: dict[str, Any]) -> str:
    """Compact JSON in UTF-8, without escapes."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _same_shape(size: tuple[int, int], shape: tuple[int, int]) -> bool:
    """Whether two sizes have the same proportions, apart from rounding to whole pixels."""
    return abs(size[0] * shape[1] - size[1] * shape[0]) <= max(shape)
