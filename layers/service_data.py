"""Trims botocore's service data to the operations that the function calls.

botocore comes with 31 MB in 440 folders, and searches all of them for each new client. S3's model alone has a hundred
operations to parse.
"""

import gzip
import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

# botocore itself calls HeadBucket after a redirect to another region.
OPERATIONS: Final = {
    "s3": ("GetObject", "HeadObject", "PutObject", "DeleteObject", "HeadBucket"),
    "sqs": ("SendMessage",),
    "lambda": ("Invoke",),
    "events": ("PutEvents",),
}
# S3's endpoint rules with these texts in a condition never apply: they are for directory buckets, Outposts, access
# points and Object Lambda. None of these sends events, and settings refuse their names.
NEVER_MET: Final = (
    '"--x-s3"',
    '"--xa-s3"',
    '"--op-s3"',
    '"bucketArn"',
    "UseS3ExpressControlEndpoint",
    "UseObjectLambdaEndpoint",
)
SHARED: Final = ("_retry.json", "partitions.json", "sdk-default-configuration.json", "endpoints.json")


def trim(data: Path) -> None:
    """Remove from botocore's data folder all but the services and operations above."""
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
            plain = file.with_suffix("")  # the layer's zip compresses it; decompressing it again would take 6 ms
            if plain.name == "service-2.json":
                content = _model(content, operations)
            elif service == "s3" and "rules" in content:
                content["rules"] = _rules(content["rules"])
            _rewrite(plain, content)


def _endpoints(content: dict[str, Any]) -> dict[str, Any]:
    """Keep only our services' endpoints, in every partition."""
    partitions = [
        {**partition, "services": {name: partition["services"].get(name, {}) for name in OPERATIONS}}
        for partition in content["partitions"]
    ]
    return {**content, "partitions": partitions}


def _rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The endpoint rules that can apply: a third of S3's. A client keeps them in memory."""
    return [
        {**rule, "rules": _rules(rule["rules"])} if "rules" in rule else rule
        for rule in rules
        if not any(text in json.dumps(rule["conditions"]) for text in NEVER_MET)
    ]


def _model(model: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Keep only these operations of a service and the shapes that they use, without documentation."""
    operations = {name: model["operations"][name] for name in names}
    shapes: dict[str, Any] = {}
    wanted = sorted(_shape_names(list(operations.values())))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            wanted += _shape_names(shapes[name])
    kept = {**model, "operations": operations, "shapes": dict(sorted(shapes.items()))}
    trimmed: dict[str, Any] = _without_documentation(kept)
    return trimmed


def _shape_names(node: object) -> Iterator[str]:
    """Find the names of shapes that a part of a model refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _shape_names(part)


def _without_documentation(node: Any) -> Any:
    """Empty each documentation text; botocore needs some of the keys. A shape's member may have that name, too."""
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
