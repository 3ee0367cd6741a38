"""AWS clients, made once per environment and reused by every warm invocation."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import ConfigError, DeliveryError
from resizer.s3 import time_limit

if TYPE_CHECKING:
    from botocore.session import Session

    from resizer.deadline import Clock
    from resizer.s3 import S3

# One per concurrent upload.
MAX_CONNECTIONS: Final = 3
OWNER: Final = "RESIZER_BUCKET_OWNER"
REQUEST_ERRORS: Final = (ClientError, BotoCoreError)  # any client's request may raise these


@cache
def s3() -> S3:
    """botocore's S3 client, the same one every time and thread-safe.

    If `RESIZER_BUCKET_OWNER` names an account, S3 refuses requests to buckets of other accounts: nobody can receive
    renditions by re-creating a deleted bucket. Raises `ConfigError` if the environment is wrong.
    """
    made: S3 = client("s3")
    return made


def s3_until(clock: Clock) -> S3:
    """The same client for one invocation: no request takes longer than `clock` allows."""
    return time_limit.InvocationS3(s3(), clock)


@cache
def client(service: str) -> Any:
    """botocore's client of an AWS service, the same one every time and thread-safe.

    Raises `ConfigError` if the environment is wrong.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")  # botocore reads only the second
    config = Config(
        connect_timeout=time_limit.CONNECT_SECONDS,
        read_timeout=time_limit.READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": time_limit.ATTEMPTS},
        max_pool_connections=MAX_CONNECTIONS,
        # We send our own CRC32 with PUTs, and TLS protects downloads.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        parameter_validation=False,  # AWS validates, too; this saves 0.1 ms per request
    )
    try:
        made = _session().create_client(service, region_name=region or None, config=config)
    except (ValueError, BotoCoreError) as problem:
        raise ConfigError([_mistake(service, problem)]) from problem
    time_limit.install(made)
    if service == "s3":
        made.meta.events.register_last("before-call.s3", _send_at_once)
        if os.environ.get(OWNER):
            made.meta.events.register("provide-client-params.s3", _expect_owner)
    return made


def forget() -> None:
    """Drop all clients; new ones read the environment again."""
    s3.cache_clear()
    client.cache_clear()
    _session.cache_clear()


def send(service: str, operation: str, clock: Clock | None = None, **request: Any) -> Any:
    """Make one request to SQS, Lambda or EventBridge. Raises `DeliveryError`, so that the event is retried.

    With a `clock` it raises `OutOfTime` when the invocation's time is used up.
    """
    target = request.get("QueueUrl") or request.get("FunctionName") or request["Entries"][0]["EventBusName"]
    try:
        with time_limit.within(clock):
            return getattr(client(service), operation)(**request)
    except REQUEST_ERRORS as problem:
        raise DeliveryError(f"{operation} to {target} failed: {problem}. It will be tried again.") from problem


@cache
def _session() -> Session:
    return botocore.session.get_session()  # importing boto3 would take another 30 to 70 ms


def _mistake(service: str, problem: Exception) -> str:
    """Explain what is wrong with the environment, with the variable's name if it is known."""
    names = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    name = next((name for name in names if os.environ.get(name)), None)
    if name and isinstance(problem, ValueError):
        return f"{name}={os.environ[name]} is not an endpoint; write it as https://host or http://host:port."
    return f"No client for {service} can be made: {problem}"


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    """Send headers and body together: waiting for `100 Continue` takes longer than sending the body."""
    params["headers"].pop("Expect", None)


def _expect_owner(params: dict[str, Any], model: Any, **_: Any) -> Any:  # botocore uses the return value
    takes_owner = model.input_shape is not None and "ExpectedBucketOwner" in model.input_shape.members
    return {**params, "ExpectedBucketOwner": os.environ[OWNER]} if takes_owner else params
