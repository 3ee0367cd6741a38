"""The module-level client cache: made once per environment, reused by every warm invocation.

Made from a botocore session, for boto3 on top of it costs another 30 to 70 ms of every cold start.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import DeliveryError

# Three tries at 2 + 5 seconds end well before the function's own time-out of a minute.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
ATTEMPTS = 3


@cache
def client(service: str) -> Any:
    """The client of one AWS service, the same one every time and safe to use from several threads."""
    return _session().create_client(service, config=CONFIG)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    # TLS and S3's own ETag guard the bytes already; a second checksum would cost CPU on every request.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    parameter_validation=False,  # the service validates, too, and this takes 0.1 ms of every request
)


def forget() -> None:
    """Drop all clients, so that the next ones see a changed environment."""
    client.cache_clear()
    _session.cache_clear()


def send(service: str, operation: str, **request: Any) -> None:
    """One request to another service than S3. Raises `DeliveryError`, so that the event comes again."""
    target = request.get("QueueUrl") or request.get("FunctionName")
    try:
        getattr(client(service), operation)(**request)
    except (ClientError, BotoCoreError) as problem:
        raise DeliveryError(f"{operation} to {target} failed: {problem}. It will be tried again.") from problem
