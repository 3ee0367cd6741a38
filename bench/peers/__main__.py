"""`python -m bench.peers`: compares Resizer with other libraries."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path  # typer reads annotations when it runs
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bench.machine import machine
from bench.peers.comparison import PeerResult, compare, contenders, steps
from bench.peers.table import print_results
from bench.peers.worker import FORMATS, OURS, BuiltFunction, Worker
from bench.stub_s3 import FIRST_BYTE_MS, MEGABYTES_PER_SECOND, Network, stub_s3
from devtools.lambda_runtime.tools import PROJECT, RUNTIME_ENVIRONMENT

BUILD = Path("build/bench")


def main(  # noqa: PLR0913, PLR0917 # one parameter per option
    photos: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder with pictures.")],
    rounds: Annotated[int, typer.Option(min=1, help="How often each contender resizes each picture.")] = 7,
    first_byte_ms: Annotated[float, typer.Option(min=0, help="Milliseconds until S3's first byte.")] = FIRST_BYTE_MS,
    megabytes_per_second: Annotated[
        float, typer.Option(min=0, help="Bandwidth of each connection to S3.")
    ] = MEGABYTES_PER_SECOND,
    only: Annotated[str, typer.Option(help="Names of contenders, separated by commas. Default: all.")] = "",
    code: Annotated[Path, typer.Option(help="Folder of the built function.")] = BUILD / "function",
    layer: Annotated[Path, typer.Option(help="Folder of the built layer.")] = BUILD / "layer",
    out: Annotated[Path, typer.Option(help="JSON lines file for the results.")] = BUILD / "peers.jsonl",
) -> None:
    """Compare Resizer with other libraries on the same pictures and the same S3.

    Resizer runs as in Lambda, on Python 3.13 from the built function and layer, if they exist.
    """
    files = sorted(path for path in photos.iterdir() if path.suffix.lower() in FORMATS)
    entered = [each for each in contenders() if not only or each.name in only.split(",")]
    ready = [each for each in entered if not each.missing]
    network = Network(first_byte_ms, megabytes_per_second)
    built, console = _built(code, layer), Console()
    if not built:
        console.print(
            "[yellow]Resizer runs from this checkout, not as in Lambda.[/yellow] Run `make bench-artifact` first."
        )
    with stub_s3(photos, network) as endpoint, Progress(transient=True) as progress:
        task = progress.add_task("Peers", total=steps(files, rounds))
        results: list[PeerResult] = []
        with suppress(KeyboardInterrupt):  # keep the results so far
            results.extend(
                compare(
                    ready,
                    files,
                    lambda name: Worker(name, endpoint, built=built if name == OURS else None),
                    rounds,
                    lambda text: progress.update(task, advance=1, description=text),
                )
            )
    out.parent.mkdir(parents=True, exist_ok=True)
    about = {"machine": asdict(machine()), "built": built is not None}
    lines = [{**about, "rounds": rounds, "network": asdict(network)}, *map(asdict, results)]
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    print_results(console, results, entered)


def _built(code: Path, layer: Path) -> BuiltFunction | None:
    python = PROJECT / RUNTIME_ENVIRONMENT / "bin" / "python"
    return BuiltFunction(code, layer, python) if python.exists() and code.is_dir() and layer.is_dir() else None


if __name__ == "__main__":
    typer.run(main)
