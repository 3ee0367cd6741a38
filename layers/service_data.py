"""botocore's descriptions of AWS, cut to what the function calls.

Whole they are 31 MB in 440 folders, all of which a client looks through when it is made; and S3's own description
has a hundred operations to parse.
"""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

# botocore itself asks for the last of S3's: where a bucket is, after a redirect.
OPERATIONS: Final = {
    "s3": ("GetObject", "HeadObject", "PutObject", "DeleteObject", "HeadBucket"),
    "sqs": ("SendMessage",),
    "lambda": ("Invoke",),
    "events": ("PutEvents",),
}
# Conditions of S3's rules for endpoints that our buckets never meet: a part of each, by its JSON. Directory buckets
# and access points send no events, and no setting takes their names; S3's other services are never called.
UNMET: Final = (
    '"--x-s3"',
    '"--xa-s3"',
    '"--op-s3"',
    '"bucketArn"',
    "UseS3ExpressControlEndpoint",
    "UseObjectLambdaEndpoint",
)
SHARED: Final = ("_retry.json", "partitions.json", "sdk-default-configuration.json", "endpoints.json")


def cut(data: Path) -> None:
    """Cut botocore's data folder to the services and operations above."""
    for entry in sorted(data.iterdir()):
        if entry.is_dir() and entry.name not in OPERATIONS:
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name not in SHARED:
            entry.unlink()
    _rewrite(data / "endpoints.json", _endpoints(_read(data / "endpoints.json")))
    for service, operations in OPERATIONS.items():
        *outdated, current = sorted((data / service).iterdir())
        for version in outdated:
            shutil.rmtree(version)
        for file in sorted(current.glob("*.json.gz")):
            content = _read(file)
            file.unlink()
            plain = file.with_suffix("")  # a layer's zip compresses anyway, and unpacking twice takes 6 ms
            if plain.name == "service-2.json":
                content = _model(content, operations)
            elif service == "s3" and "rules" in content:
                content["rules"] = _rules(content["rules"])
            _rewrite(plain, content)


def _endpoints(content: dict[str, Any]) -> dict[str, Any]:
    """The endpoints of our services in every partition."""
    partitions = [
        {**partition, "services": {name: partition["services"].get(name, {}) for name in OPERATIONS}}
        for partition in content["partitions"]
    ]
    return {**content, "partitions": partitions}


def _rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules that can apply: a third of S3's, which a client keeps in memory."""
    return [
        {**rule, "rules": _rules(rule["rules"])} if "rules" in rule else rule
        for rule in rules
        if not any(unmet in json.dumps(rule["conditions"]) for unmet in UNMET)
    ]


def _model(model: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A service's operations of these names, the shapes that they use, and no documentation."""
    operations = {name: model["operations"][name] for name in names}
    shapes: dict[str, Any] = {}
    wanted = sorted(_shape_names(list(operations.values())))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            wanted += _shape_names(shapes[name])
    kept = {**model, "operations": operations, "shapes": dict(sorted(shapes.items()))}
    cut_model: dict[str, Any] = _without_documentation(kept)
    return cut_model


def _shape_names(node: object) -> Iterator[str]:
    """The shapes that a part of a model refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _shape_names(part)


def _without_documentation(node: Any) -> Any:
    """Text that only people read, emptied: botocore looks for some of it. A member of that name is no text."""
    if isinstance(node, dict):
        is_text = isinstance(node.get("documentation"), str)
        kept = {**node, "documentation": ""} if is_text else node
        return {key: _without_documentation(value) for key, value in kept.items()}
    return [_without_documentation(part) for part in node] if isinstance(node, list) else node


def _read(file: Path) -> dict[str, Any]:
    raw = file.read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
    return content


def _rewrite(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
