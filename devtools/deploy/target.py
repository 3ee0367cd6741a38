"""Where a deployment goes: region, credentials, and whether that is AWS or an emulator on this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import UsageError

SERVICES: Final = ("cloudformation", "s3", "sts")  # what `sam deploy` calls
AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")


def session() -> botocore.session.Session:
    """A session as `sam` makes it, in the region that AWS_REGION names, if it does.

    Raises `UsageError` without a region or credentials, each with what to set.
    """
    made = botocore.session.Session()
    if region := os.environ.get("AWS_REGION"):
        made.set_config_variable("region", region)
    try:
        if not made.get_config_variable("region"):
            raise UsageError(
                "No region: set AWS_REGION, such as AWS_REGION=eu-central-1, or AWS_PROFILE to one that has it."
            )
        if made.get_credentials() is None:
            raise UsageError("No AWS credentials: set AWS_PROFILE, or run `aws configure`.")
    except BotoCoreError as problem:
        raise UsageError(f"{problem}. Set AWS_PROFILE and AWS_REGION, or run `aws configure`.") from problem
    return made


def check(made: botocore.session.Session, *, emulated: bool) -> None:
    """See that a deployment goes where it is meant to, by whatever way an endpoint was configured.

    Raises `UsageError` for an endpoint on this machine, unless it is meant, and for AWS where an emulator is meant.
    """
    for service in SERVICES:
        endpoint: str = made.create_client(service).meta.endpoint_url
        host = urlsplit(endpoint).hostname or ""
        if emulated and host.endswith(AWS_DOMAINS):
            raise UsageError(f"EMULATED=yes, but {service} is at {endpoint}: set AWS_ENDPOINT_URL to your emulator.")
        if not emulated and is_loopback(host):
            raise UsageError(
                f"{service} is at {endpoint}, which is this machine, not AWS. Unset AWS_ENDPOINT_URL and whatever else "
                "configures it, or say EMULATED=yes if you mean it."
            )


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine."""
    if host.endswith(AWS_DOMAINS):
        return False
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    parsed = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    return any(address.is_loopback or address.is_unspecified for address in parsed)


def deployed_parameters(made: botocore.session.Session, name: str) -> dict[str, str]:
    """The parameters of the stack as it is deployed; none where there is no stack. Raises `UsageError`."""
    client: Any = made.create_client("cloudformation")  # botocore makes its methods at run time
    try:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ValidationError":
            return {}  # there is no such stack
        raise UsageError(f"The stack {name} cannot be looked up: {problem}") from problem
    except BotoCoreError as problem:
        raise UsageError(f"The stack {name} cannot be looked up: {problem}") from problem
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())}
