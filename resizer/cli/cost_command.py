"""`resizer cost`: the bill of a month."""

import os
from typing import Annotated

import typer
from rich.console import Console

from resizer.cli.bill import Stack, Trigger
from resizer.cli.command_line import amount
from resizer.cli.cost import Usage
from resizer.cli.prices import Architecture

console = Console()


def cost(  # noqa: PLR0913, PLR0917 # one parameter per option
    images: Annotated[
        float, typer.Option(parser=amount, metavar="NUMBER", help="Images a month, such as 10,000 or 1e6.")
    ],
    memory: Annotated[int, typer.Option(min=128, max=10240, help="The function's memory in MB.")],
    ms: Annotated[float, typer.Option(min=0, help="Duration of one image in milliseconds.")],
    init_ms: Annotated[float, typer.Option(min=0, help="Duration of a cold start, billed as well.")] = 0,
    cold_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of images that wait for a cold start, 0 to 1.")
    ] = 0,
    renditions: Annotated[
        int | None, typer.Option(min=0, help="PUTs per image; by default, as many as your settings write.")
    ] = None,
    arch: Annotated[Architecture, typer.Option(help="The function's processor.")] = Architecture.X86_64,
    trigger: Annotated[Trigger, typer.Option(help="How uploads reach the function.")] = Trigger.EVENTBRIDGE,
    *,
    own_output_bucket: Annotated[
        bool,
        typer.Option("--own-output-bucket", help="Renditions are written to another bucket, which sends no events."),
    ] = False,
    no_tracing: Annotated[bool, typer.Option("--no-tracing", help="X-Ray does not trace the function.")] = False,
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Subtract each account's monthly free tier.")] = False,
) -> None:
    """Calculate what a month of images costs on AWS, line by line: Lambda, S3, the trigger, logs, traces and alarms.

    Example: `resizer cost --images 10,000 --memory 256 --ms 180 --trigger s3`

    Storage, traffic to browsers and your own KMS keys are not included.
    """
    from resizer.cli.cost_table import print_bill
    from resizer.cli.settings import checked_settings

    settings = checked_settings(os.environ)
    if renditions is None:
        renditions = settings.defaults.writes
    usage = Usage(images, memory, ms, init_ms, cold_share, renditions, architecture=arch)
    stack = Stack(
        trigger,
        renditions,
        own_output_bucket=own_output_bucket or settings.output_bucket is not None,
        traced=not no_tracing,
        event_bus=settings.event_bus is not None,
    )
    print_bill(console, usage, stack, free_tier=free_tier)
