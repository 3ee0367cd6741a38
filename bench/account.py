"""Connects to the AWS account and finds the function to measure."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from resizer.errors import ConfigError, UsageError
from resizer.settings import Settings

MAX_TIMEOUT_SECONDS: Final = 900  # Lambda's quota
# No retries: the second invocation would run, and be measured, beside the first.
INVOKE_CONFIG: Final = Config(
    read_timeout=MAX_TIMEOUT_SECONDS + 30, retries={"mode": "standard", "total_max_attempts": 1}, tcp_keepalive=True
)
NO_REGION = "No AWS region is set. Set AWS_REGION to the function's region, such as AWS_REGION=eu-west-1."
NO_CREDENTIALS = "There are no AWS credentials. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."


@dataclass(frozen=True, slots=True)
class Account:
    """Clients for Lambda and S3. `invoke_client` waits for the longest invocation and does not retry."""

    lambda_client: Any
    invoke_client: Any
    s3: Any


@dataclass(frozen=True, slots=True)
class Target:
    """A function with its original memory size and environment, and the bucket to measure in."""

    name: str
    memory_mb: int
    environment: Mapping[str, str]
    bucket: str


def connect() -> Account:
    """Create the clients. Raises `UsageError` if the region or the credentials are missing."""
    session = get_session()
    try:
        region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not region:
            raise UsageError(NO_REGION)
        if session.get_credentials() is None:
            raise UsageError(NO_CREDENTIALS)
        return Account(
            session.create_client("lambda", region_name=region),
            session.create_client("lambda", region_name=region, config=INVOKE_CONFIG),
            session.create_client("s3", region_name=region),
        )
    except BotoCoreError as problem:
        raise UsageError(f"The AWS configuration does not work: {problem}") from problem


def find_target(account: Account, name: str, bucket: str | None) -> Target:
    """Find the function, and the bucket that it serves if `bucket` is None.

    While versions are published, $LATEST has other settings, so nothing may invoke it. Raises `UsageError` if the
    function cannot be measured.
    """
    try:
        found = account.lambda_client.get_function_configuration(FunctionName=name)
        if _invoked_without_alias(account.lambda_client, found["FunctionName"]):
            raise UsageError(
                f"{name} has a resource policy without an alias, so events could fail while versions are published."
                " Invoke an alias, as this project's template does, or measure another function."
            )
    except (ClientError, BotoCoreError) as problem:
        raise UsageError(f"{name} cannot be read: {problem}") from problem
    environment = found.get("Environment", {})
    if "Error" in environment:
        raise UsageError(f"The environment of {name} cannot be read: {environment['Error'].get('Message')}")
    variables: dict[str, str] = environment.get("Variables", {})
    return Target(found["FunctionName"], found["MemorySize"], variables, _bucket(name, variables, bucket))


def _invoked_without_alias(lambda_client: Any, name: str) -> bool:
    try:
        lambda_client.get_policy(FunctionName=name)
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _bucket(name: str, environment: Mapping[str, str], wanted: str | None) -> str:
    try:
        settings = Settings.from_env(environment)
    except ConfigError as problem:
        raise UsageError(f"{name} has settings that this version does not know. {problem}") from problem
    if output := settings.output_bucket:  # uploads to another bucket would trigger the function
        if wanted in {None, output}:
            return output
        raise UsageError(f"{name} writes to {output} (RESIZER_OUTPUT_BUCKET): measure there, not in {wanted}.")
    served = settings.buckets
    if wanted and served and wanted not in served:
        raise UsageError(f"{name} serves only {', '.join(sorted(served))} (RESIZER_BUCKETS), not {wanted}.")
    if wanted or len(served) == 1:
        return wanted or next(iter(served))
    raise UsageError(f"Name a bucket that {name} can read, with BUCKET=. It writes there below its output prefix.")
