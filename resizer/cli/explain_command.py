"""`resizer explain`: the renditions that a key would get, and why."""

import os
from collections.abc import Iterator
from functools import partial
from math import inf
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from resizer.errors import UsageError
from resizer.settings import Settings
from resizer.settings.rules import RenditionSpec

Row = tuple[str, str, str]  # key, size and format

console = Console()


def explain(
    key: Annotated[str, typer.Argument(help="The key of a source, as in `photos/cat.jpg`.")],
    config: Annotated[Path | None, typer.Option(help="The settings file; by default `resizer.toml`.")] = None,
    image: Annotated[Path | None, typer.Option(help="The image file, to print exact sizes and formats.")] = None,
) -> None:
    """Print the rule that matches a source's key, and each rendition's key, size and format.

    Example: `resizer explain users/7/photo.jpg --image photo.jpg`. It uses no AWS, and writes nothing.
    """
    from resizer.cli.settings import checked_settings, source_bucket
    from resizer.model import SourceObject
    from resizer.planning.guard import reason_to_skip
    from resizer.planning.outputs import check_key_length, manifest_key
    from resizer.settings import file

    if not key:
        raise UsageError("The key is empty; give one such as photos/cat.jpg.")
    if key.startswith("s3://"):
        without = key.removeprefix("s3://").partition("/")[2] or "photos/cat.jpg"
        raise UsageError(f"{key} is a URL; give the key without the bucket, such as {without}.")
    environ = {**os.environ, file.VARIABLE: str(config)} if config else os.environ
    settings = checked_settings(environ)
    source = SourceObject(source_bucket(settings), key)
    settings = settings.for_bucket(source.bucket)
    rows: list[Row] = []
    if not (reason := reason_to_skip(source, settings)):
        check_key_length(key, settings)
        rows += _with_image(key, image, settings) if image else _without_image(key, settings)
    _say(f"{escape(key)}: {escape(_rule(key, settings))}")
    if reason:
        _say(f"skipped  {reason}")
        return
    if settings.output_bucket:
        _say(f"written to the bucket {settings.output_bucket}")
    table = Table("rendition", "size", "format", box=None, pad_edge=False)
    table.columns[0].overflow = "fold"
    for row in rows:
        table.add_row(*map(escape, row))
    if manifest := manifest_key(key, settings):
        table.add_row(escape(manifest), "", "JSON")
    console.print(table)


def _say(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False)


def _rule(key: str, settings: Settings) -> str:
    for index, rule in enumerate(settings.rules):
        if rule.matches(key):
            return f"rules[{index}], for {', '.join(rule.match)}"
    return "the defaults"


def _without_image(key: str, settings: Settings) -> Iterator[Row]:
    """Keys and formats, with the configured width and height instead of exact sizes."""
    from resizer.planning.outputs import output_key

    for spec in sorted(settings.rule_for(key).renditions, key=lambda spec: spec.width or inf):
        for name in spec.formats:
            format_ = "as the source" if name == "source" else name.upper()
            yield output_key(key, spec.name, name, settings), _configured_size(spec), format_


def _configured_size(spec: RenditionSpec) -> str:
    if spec.width and spec.height:
        return f"{spec.fit} {spec.width} x {spec.height}"
    return f"{spec.width} wide" if spec.width else f"{spec.height} high"


def _with_image(key: str, image: Path, settings: Settings) -> Iterator[Row]:
    """Keys with exact sizes and formats, from the image's header."""
    from resizer.decode.header import limits_for, open_image
    from resizer.model import RenditionPlan
    from resizer.planning.outputs import plan

    plan_for = partial(plan, key, settings=settings)

    try:
        with image.open("rb") as stream:
            _, header = open_image(stream, limits_for(settings, image.stat().st_size, plan_for))
    except OSError as problem:
        raise UsageError(f"{image}: {problem.strerror or problem}.") from problem
    for each in sorted(plan_for(header), key=RenditionPlan.rank):
        yield each.key, "{} x {}".format(*each.size), str(each.format)
