"""`resizer connect`: makes an existing bucket send its events to a stack."""

import sys
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from resizer.errors import UsageError

TO_HELP = "The ARN of the function's alias or of a queue, or `eventbridge`; instead of --stack."
console = Console()


def connect(  # noqa: PLR0913, PLR0917 # one parameter per option
    bucket: Annotated[str, typer.Argument(help="The existing bucket.")],
    stack: Annotated[str, typer.Option(help="The deployed stack that receives the bucket's events.")] = "resizer",
    to: Annotated[str | None, typer.Option(help=TO_HELP)] = None,
    prefix: Annotated[str, typer.Option(help="With --to: send only events of keys that begin with it.")] = "",
    region: Annotated[str | None, typer.Option(help="AWS region; by default AWS_REGION, or the profile's.")] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile; by default AWS_PROFILE.")] = None,
    *,
    own_output_bucket: Annotated[
        bool, typer.Option("--own-output-bucket", help="With --to: renditions are written to another bucket.")
    ] = False,
    deletions: Annotated[bool, typer.Option(help="With --to: send deletions, too.")] = True,
    remove: Annotated[bool, typer.Option("--remove", help="Remove our notification.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Connect your existing bucket: show the difference, ask, then add our notification to yours.

    Example: `resizer connect my-photos --stack photos-resizer`

    Your notifications stay as they are. If one overlaps ours, it is named and nothing is changed. You need
    `s3:GetBucketNotification` and `s3:PutBucketNotification` on the bucket, and `cloudformation:DescribeStacks`.
    """
    from resizer.cli.connect import account, apply, planned, stacks_target
    from resizer.cli.notifications import Target

    there = account(region, profile)
    if to is None:
        target = stacks_target(there, stack, bucket)
    else:
        target = Target(None if to == "eventbridge" else to, prefix, deletions=deletions)
        target = replace(target, output_prefix=None) if own_output_bucket else target
    change = planned(there, bucket, target, remove=remove)
    console.print(f"Notifications of {bucket}:", *map(escape, change.lines), sep="\n", soft_wrap=True, highlight=False)
    if change.is_empty:
        console.print("There is nothing to change.", highlight=False)
    elif not dry_run and _agreed(yes=yes):
        apply(there, bucket, change)
        console.print("Done.")


def _agreed(*, yes: bool) -> bool:
    """Ask for confirmation. Raises `typer.Abort` for a no, and `UsageError` if there is no terminal to ask on."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on: add --yes to change this, or --dry-run to only look.")
    return typer.confirm("Change this?", abort=True)
