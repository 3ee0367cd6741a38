"""The AWS account that is measured in: its clients, and what the function under test says of itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from resizer.errors import ConfigError, UsageError
from resizer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_INVOCATION: Final = 900  # seconds, by Lambda's quotas
# An invocation is never sent again: it would run twice, and be measured while the first still runs.
INVOKING: Final = Config(
    read_timeout=LONGEST_INVOCATION + 30, retries={"mode": "standard", "total_max_attempts": 1}, tcp_keepalive=True
)
NO_REGION = "No AWS region is set: say AWS_REGION=eu-west-1, or whichever the function is in."
NO_CREDENTIALS = "No AWS credentials are found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."


@dataclass(frozen=True, slots=True)
class Account:
    """Clients of Lambda and S3; `invoking` is Lambda's too, and waits for as long as an invocation may take."""

    functions: Any
    invoking: Any
    s3: Any


@dataclass(frozen=True, slots=True)
class Target:
    """A function as it was found: its memory size, its environment, and the bucket to measure in."""

    name: str
    memory_mb: int
    environment: Mapping[str, str]
    bucket: str


def connect() -> Account:
    """The clients, by what botocore finds, and `AWS_REGION`. Raises `UsageError` where it does not find enough."""
    session = get_session()
    try:
        region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not region:
            raise UsageError(NO_REGION)
        if session.get_credentials() is None:
            raise UsageError(NO_CREDENTIALS)
        return Account(
            session.create_client("lambda", region_name=region),
            session.create_client("lambda", region_name=region, config=INVOKING),
            session.create_client("s3", region_name=region),
        )
    except BotoCoreError as problem:
        raise UsageError(f"AWS cannot be reached with this configuration: {problem}") from problem


def find(account: Account, name: str, bucket: str | None) -> Target:
    """The function, and the bucket that it serves where none is named. Raises `UsageError` where it cannot be measured.

    Its unpublished version is changed for the seconds in which versions are made, so nothing may invoke that.
    """
    try:
        found = account.functions.get_function_configuration(FunctionName=name)
        if _is_invoked_unpublished(account.functions, found["FunctionName"]):
            raise UsageError(
                f"{name} is invoked without an alias by its resource policy, and would miss events while its versions"
                " are made. Let them invoke an alias, as the template of this project does, or measure another one."
            )
    except (ClientError, BotoCoreError) as problem:
        raise UsageError(f"AWS does not show {name}: {problem}") from problem
    environment = found.get("Environment", {})
    if "Error" in environment:
        raise UsageError(f"The environment of {name} cannot be read: {environment['Error'].get('Message')}")
    variables: dict[str, str] = environment.get("Variables", {})
    return Target(found["FunctionName"], found["MemorySize"], variables, _bucket(name, variables, bucket))


def _is_invoked_unpublished(functions: Any, name: str) -> bool:
    try:
        functions.get_policy(FunctionName=name)
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _bucket(name: str, environment: Mapping[str, str], asked: str | None) -> str:
    try:
        settings = Settings.from_env(environment)
    except ConfigError as problem:
        raise UsageError(f"{name} has other settings than this version knows. {problem}") from problem
    if settings.output_bucket:  # which has all that is measured, for uploads elsewhere would trigger the function
        return _output_bucket(name, settings.output_bucket, asked)
    served = settings.buckets
    if asked and served and asked not in served:
        raise UsageError(f"{name} serves {', '.join(sorted(served))} by RESIZER_BUCKETS, and not {asked}.")
    if asked or len(served) == 1:
        return asked or next(iter(served))
    raise UsageError(f"Name a bucket that {name} may read, and write under its output prefix: BUCKET=")


def _output_bucket(name: str, bucket: str, asked: str | None) -> str:
    if asked in {None, bucket}:
        return bucket
    raise UsageError(f"{name} writes to {bucket} by RESIZER_OUTPUT_BUCKET, and is measured there, not in {asked}.")
