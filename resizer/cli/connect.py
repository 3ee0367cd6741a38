"""Reads the stack and a bucket's notifications from AWS, and writes the change."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from resizer.cli.notifications import Change, Target, connected, disconnected
from resizer.errors import UsageError

# Errors that are solved by setting a region or a profile.
NOT_SET: Final = (NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound)


@dataclass(frozen=True, slots=True)
class Account:
    """Clients of the AWS services that we need."""

    s3: Any
    stacks: Any
    rules: Any


def account(region: str | None, profile: str | None) -> Account:
    """Make clients with boto3, in the region given or named by AWS_REGION, or else the profile's.

    Raises `UsageError` if the region is missing or the profile unknown.
    """
    region = region or os.environ.get("AWS_REGION") or None  # boto3 reads only AWS_DEFAULT_REGION
    with aws_errors():
        session = boto3.Session(region_name=region, profile_name=profile)
        return Account(session.client("s3"), session.client("cloudformation"), session.client("events"))


def stacks_target(there: Account, stack: str, bucket: str) -> Target:
    """Look up where a deployed stack expects events. Raises `UsageError` if it does not use the bucket."""
    with aws_errors():
        (found,) = there.stacks.describe_stacks(StackName=stack)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())}
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
    if "Function" not in outputs or "Trigger" not in parameters:
        raise UsageError(f"The stack {stack} is not a Resizer stack; name yours with --stack.")
    if parameters["BucketName"] != bucket:
        raise UsageError(f"The stack {stack} serves the bucket {parameters['BucketName']}, not {bucket}.")
    if parameters.get("MakeBucket") == "yes":
        raise UsageError(f"The stack {stack} created the bucket {bucket}, so it is connected already.")
    arns = {"eventbridge": None, "s3": outputs["Function"], "sqs": outputs.get("UploadQueueArn")}
    return Target(
        arns[parameters["Trigger"]],
        parameters.get("SourcePrefix", ""),
        deletions=parameters.get("OnDelete") != "keep",
        output_prefix=_guarded_prefix(parameters),
        function=outputs["Function"],
    )


def _guarded_prefix(parameters: dict[str, str]) -> str | None:
    """The prefix whose objects must not invoke the stack's function; None if there is no such prefix."""
    if parameters.get("OutputBucket") or parameters.get("AllowOwnOutputToInvoke") == "yes":
        return None
    return parameters.get("OutputPrefix", "resized/")


def planned(there: Account, bucket: str, target: Target, *, remove: bool) -> Change:
    """Plan the change. Raises `UsageError` if one of the user's notifications or rules conflicts with it."""
    current = _read(there, bucket)
    if not remove:
        return connected(current, target)
    change = disconnected(current, target)
    if target.arn is None and not change.is_empty and (others := _other_rules(there, bucket, target.function)):
        raise UsageError(
            f"EventBridge must stay on for {bucket}: the rules {', '.join(others)} use its events, too. "
            "Nothing was changed. To remove the stack's rule, delete the stack."
        )
    return change


def apply(there: Account, bucket: str, change: Change) -> None:
    """Write the change. Raises `UsageError` if the bucket's notifications have changed since they were shown."""
    if _read(there, bucket) != change.before:
        raise UsageError(
            f"Somebody changed the notifications of {bucket} in the meantime. Nothing was changed; try again."
        )
    with aws_errors():
        there.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=change.after)


def _read(there: Account, bucket: str) -> dict[str, Any]:
    with aws_errors():
        answer = there.s3.get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _other_rules(there: Account, bucket: str, function: str | None) -> list[str]:
    """Rules of the default bus that may match the bucket's events, except those that invoke our function."""
    with aws_errors():
        pages = there.rules.get_paginator("list_rules").paginate()
        rules = [rule for page in pages for rule in page["Rules"]]
        ours = there.rules.list_rule_names_by_target(TargetArn=function)["RuleNames"] if function else []
    return [
        rule["Name"]
        for rule in rules
        if "aws.s3" in (pattern := rule.get("EventPattern", ""))
        and (f'"{bucket}"' in pattern or '"bucket"' not in pattern)
        and rule["Name"] not in ours
    ]


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn botocore's errors into `UsageError`, with a hint where we know one."""
    try:
        yield
    except ClientError as problem:
        error = problem.response["Error"]
        hint = ""
        if "Unable to validate the following destination" in error.get("Message", ""):
            hint = " S3 has no permission to send to it: connect the bucket that the stack was deployed for."
        raise UsageError(
            f"AWS refused {problem.operation_name}: {error.get('Message') or error['Code']}{hint}"
        ) from problem
    except BotoCoreError as problem:
        hint = " Set AWS_REGION and AWS_PROFILE, or --region and --profile." if isinstance(problem, NOT_SET) else ""
        raise UsageError(f"{str(problem).rstrip('.')}.{hint}") from problem
