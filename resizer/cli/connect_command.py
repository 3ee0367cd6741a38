"""`resizer connect`: an existing bucket's notifications, for a stack that did not make the bucket."""

from __future__ import annotations

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
    bucket: Annotated[str, typer.Argument(help="The bucket, which is there already.")],
    stack: Annotated[str, typer.Option(help="The deployed stack that is to get the bucket's events.")] = "resizer",
    to: Annotated[str | None, typer.Option(help=TO_HELP)] = None,
    prefix: Annotated[str, typer.Option(help="With --to: only keys under it.")] = "",
    region: Annotated[str | None, typer.Option(help="AWS region; otherwise as boto3 finds it.")] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile; otherwise as boto3 finds it.")] = None,
    *,
    own_output_bucket: Annotated[
        bool, typer.Option("--own-output-bucket", help="With --to: renditions go to a bucket of their own.")
    ] = False,
    deletions: Annotated[bool, typer.Option(help="With --to: whether deletions are sent, too.")] = True,
    remove: Annotated[bool, typer.Option("--remove", help="Take our notification out again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Connect a bucket that you have already: add our notification to yours, and show the difference first.

    Example: `resizer connect my-photos --stack photos-resizer`

    Yours stay as they are. One that overlaps ours is named, and nothing is changed. You need
    `s3:GetBucketNotification` and `s3:PutBucketNotification` on the bucket, and `cloudformation:DescribeStacks`.
    """
    from resizer.cli.connect import account, apply, planned, stacks_target  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.notifications import Target  # noqa: PLC0415 # as above

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
    """Whether to go on. Raises `UsageError` where nobody can be asked, and `typer.Abort` for a no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("There is nobody to ask: add --yes to change this, or --dry-run to look only.")
    return typer.confirm("Change this?", abort=True)
