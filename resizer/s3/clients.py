"""The module-level client cache: made once per environment, reused by every warm invocation."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import DeliveryError
from resizer.s3.client import ATTEMPTS, S3Client
from resizer.s3.connections import Connections
from resizer.s3.endpoint import configured, is_plain, region
from resizer.s3.signature import Credentials

if TYPE_CHECKING:
    from botocore.session import Session

    from resizer.deadline import Clock
    from resizer.s3 import S3

# Three tries at 2 + 5 seconds end well before the function's own time-out of a minute.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
OWNER: Final = "RESIZER_BUCKET_OWNER"


@cache
def s3() -> S3:
    """What sources are fetched and renditions are stored with, the same one every time and safe to use from threads.

    It speaks to S3 itself where the environment says all that this takes, as in every Lambda function; elsewhere it
    is botocore's, which knows profiles, proxies and special endpoints, and costs 200 ms of a cold start. Where
    `RESIZER_BUCKET_OWNER` names an account, S3 refuses every request to a bucket of another one, so that a bucket
    deleted and made again by somebody else gets nothing.

    Raises `ConfigError` where the environment's endpoint is no URL.
    """
    environ = os.environ
    url = configured(environ)
    if not is_plain(environ):
        whole: S3 = client("s3")
        return whole
    return S3Client(
        Credentials(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN") or None
        ),
        region(environ),
        url,
        Connections(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
        environ.get(OWNER) or None,
    )


def s3_until(clock: Clock) -> S3:
    """The same for one invocation, by its clock: no request of the service's own client outlasts it."""
    kept = s3()
    return kept.until(clock) if isinstance(kept, S3Client) else kept


@cache
def client(service: str) -> Any:
    """botocore's client of one AWS service, the same one every time and safe to use from several threads."""
    from botocore.config import Config  # noqa: PLC0415 # 150 ms, and most invocations need none of it

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # TLS and S3's own ETag guard the bytes already; a second checksum would cost CPU on every request.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        parameter_validation=False,  # the service validates, too, and this takes 0.1 ms of every request
    )
    made = _session().create_client(service, region_name=region(os.environ) or None, config=config)
    if service == "s3" and os.environ.get(OWNER):
        made.meta.events.register("provide-client-params.s3", _expect_owner)
    return made


def forget() -> None:
    """Drop all clients, so that the next ones see a changed environment."""
    s3.cache_clear()
    client.cache_clear()
    _session.cache_clear()


def send(service: str, operation: str, **request: Any) -> None:
    """One request to another service than S3. Raises `DeliveryError`, so that the event comes again."""
    target = request.get("QueueUrl") or request.get("FunctionName")
    try:
        getattr(client(service), operation)(**request)
    except (ClientError, BotoCoreError) as problem:
        raise DeliveryError(f"{operation} to {target} failed: {problem}. It will be tried again.") from problem


@cache
def _session() -> Session:
    import botocore.session  # noqa: PLC0415 # as above; boto3 on top of it would be another 30 to 70 ms

    return botocore.session.get_session()


def _expect_owner(params: dict[str, Any], model: Any, **_: Any) -> Any:  # botocore takes what is returned
    takes_owner = model.input_shape is not None and "ExpectedBucketOwner" in model.input_shape.members
    return {**params, "ExpectedBucketOwner": os.environ[OWNER]} if takes_owner else params
