"""Checks where a deployment goes: its region and credentials, and whether it is AWS or an emulator."""

import ipaddress
import os
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import UsageError

SERVICES: Final = ("cloudformation", "s3", "sts")  # `sam deploy` calls these
AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")


def session() -> botocore.session.Session:
    """Create a session like the one of `sam`, in the region AWS_REGION if that is set.

    Raises `UsageError` if the region or the credentials are missing, and says what to set.
    """
    session = botocore.session.Session()
    if region := os.environ.get("AWS_REGION"):
        session.set_config_variable("region", region)
    try:
        if not session.get_config_variable("region"):
            raise UsageError(
                "No region: set AWS_REGION, such as AWS_REGION=eu-central-1, or set AWS_PROFILE to a profile with one."
            )
        if session.get_credentials() is None:
            raise UsageError("No AWS credentials: set AWS_PROFILE, or run `aws configure`.")
    except BotoCoreError as problem:
        raise UsageError(f"{problem}. Set AWS_PROFILE and AWS_REGION, or run `aws configure`.") from problem
    return session


def check_endpoints(session: botocore.session.Session, *, emulated: bool) -> None:
    """Check that a deployment goes to AWS, or to an emulator if `emulated`.

    Raises `UsageError` for the wrong one, whether the environment or a profile configures the endpoint.
    """
    for service in SERVICES:
        endpoint: str = session.create_client(service).meta.endpoint_url
        host = urlsplit(endpoint).hostname or ""
        if emulated and host.endswith(AWS_DOMAINS):
            raise UsageError(f"EMULATED=yes, but {service} is at {endpoint}: set AWS_ENDPOINT_URL to your emulator.")
        if not emulated and is_loopback(host):
            raise UsageError(
                f"The endpoint of {service} is {endpoint}: this machine, not AWS. Unset AWS_ENDPOINT_URL, or remove "
                "endpoint_url from your profile. To deploy to an emulator, set EMULATED=yes."
            )


def is_loopback(host: str) -> bool:
    """Whether a host name or address belongs to this machine."""
    if host.endswith(AWS_DOMAINS):
        return False
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    parsed = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    return any(address.is_loopback or address.is_unspecified for address in parsed)


def deployed_parameters(session: botocore.session.Session, name: str) -> dict[str, str]:
    """The parameters of the deployed stack; empty if there is no stack. Raises `UsageError` if AWS refuses."""
    client: Any = session.create_client("cloudformation")  # botocore defines its methods at run time
    try:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ValidationError":
            return {}  # there is no such stack
        raise UsageError(f"The stack {name} cannot be looked up: {problem}") from problem
    except BotoCoreError as problem:
        raise UsageError(f"The stack {name} cannot be looked up: {problem}") from problem
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())}
