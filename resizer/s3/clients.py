"""AWS clients, made once per environment and reused by every warm invocation. No request outlasts its invocation."""

import os
from functools import cache
from typing import Any, Final

import botocore
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

from resizer import deadline
from resizer.errors import ConfigError, DeliveryError
from resizer.s3 import S3

MAX_CONNECTIONS: Final = 3  # one per concurrent upload: there are three widths by default
OWNER: Final = "RESIZER_BUCKET_OWNER"
REQUEST_ERRORS: Final = (ClientError, BotoCoreError)  # any client's request may raise these
ATTEMPTS: Final = 3
CONNECT_SECONDS: Final = 1.1  # the AWS SDKs' default within a region; a lost packet is sent again after 1.0
READ_SECONDS: Final = 5.0  # the longest wait for more bytes of an answer
# The longest that botocore's standard mode (retries/standard.py) waits for the last attempt; after S3 has throttled it
# waits 2 seconds, and 5 more if S3 asks for them.
RETRY_SECONDS: Final = 0.1
THROTTLED_SECONDS: Final = 7.0


class Download(StreamingBody):
    """A download whose `read1` returns bytes as they arrive, while `read` waits for all requested bytes."""

    def __init__(self, raw: Any, size: Any) -> None:
        super().__init__(raw, size)
        self._raw = raw

    def read1(self, amount: int) -> bytes:
        """Wait for the next bytes and return at most `amount` of them; empty at the end.

        Raises `OutOfTime`, and urllib3's `HTTPError`.
        """
        if self._raw.closed:
            return b""
        self.set_socket_timeout(deadline.within(READ_SECONDS))
        piece: bytes | None = self._raw.read1(amount)
        return piece or b""


def s3() -> S3:
    """botocore's S3 client, the same one every time and thread-safe. Raises `ConfigError` if the environment is wrong.

    If `RESIZER_BUCKET_OWNER` names an account, S3 refuses requests to buckets of other accounts: nobody can receive
    renditions by re-creating a deleted bucket.
    """
    return client("s3")


@cache
def client(service: str) -> Any:
    """botocore's client of an AWS service, the same one every time and thread-safe.

    Its requests raise `OutOfTime` when the time is over. Raises `ConfigError` if the environment is wrong.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")  # botocore reads only the second
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=MAX_CONNECTIONS,
        # We send our own CRC32 with PUTs, and TLS protects downloads.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        parameter_validation=False,  # AWS validates, too; this saves 0.1 ms per request
        # A fixed text saves 0.1 ms per request, too: botocore would put one together twice, character by character.
        user_agent=f"Resizer Botocore/{botocore.__version__}",
    )
    try:
        made = _session().create_client(service, region_name=region or None, config=config)
    except (ValueError, BotoCoreError) as problem:
        mistake = f"No client for {service} can be made: {problem}. Check AWS_REGION and AWS_ENDPOINT_URL."
        raise ConfigError([mistake]) from problem
    events = made.meta.events
    identifier = made.meta.service_model.service_id.hyphenize()
    events.register(f"before-send.{identifier}", _shorten_timeout)
    events.register_first(f"needs-retry.{identifier}", _retry_in_time)
    events.register_last("before-call.s3", _send_at_once)
    events.register("after-call.s3.GetObject", _hand_out_pieces)
    if os.environ.get(OWNER):
        events.register("provide-client-params.s3", _expect_owner)
    return made


def forget() -> None:
    """Drop all clients; new ones read the environment again."""
    client.cache_clear()
    _session.cache_clear()


def send(service: str, operation: str, **request: Any) -> Any:
    """Make one request to SQS, Lambda or EventBridge.

    Raises `DeliveryError`, so that the event is retried, and `OutOfTime`.
    """
    target = request.get("QueueUrl") or request.get("FunctionName") or request["Entries"][0]["EventBusName"]
    try:
        return getattr(client(service), operation)(**request)
    except REQUEST_ERRORS as problem:
        raise DeliveryError(f"{operation} to {target} failed: {problem}. It will be tried again.") from problem


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()  # importing boto3 would take another 30 to 70 ms


def _shorten_timeout(request: Any, **_: Any) -> None:
    """Before each attempt: limit it to the remaining time (`context` is missing in botocore's type stubs)."""
    request.context["read_timeout"] = (
        deadline.within(READ_SECONDS + CONNECT_SECONDS, least=CONNECT_SECONDS) - CONNECT_SECONDS
    )


def _retry_in_time(attempts: int, response: Any, caught_exception: Exception | None, **_: Any) -> None:
    """After each attempt but the last: raise `OutOfTime` if it failed and the wait for the next may be too long."""
    status, headers = (response[0].status_code, response[0].headers) if response else (0, {})
    throttled = status in {429, 503} or "x-amz-retry-after" in headers
    if attempts < ATTEMPTS and (caught_exception or throttled or status >= 500):
        wait = THROTTLED_SECONDS if throttled else RETRY_SECONDS
        deadline.within(READ_SECONDS, least=wait + CONNECT_SECONDS)


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    """Send headers and body together: waiting for `100 Continue` takes longer than sending the body."""
    params["headers"].pop("Expect", None)


def _hand_out_pieces(http_response: AWSResponse, parsed: dict[str, Any], **_: Any) -> None:
    if "Body" in parsed:
        parsed["Body"] = Download(http_response.raw, parsed.get("ContentLength"))


def _expect_owner(params: dict[str, Any], model: Any, **_: Any) -> Any:  # botocore uses the return value
    takes_owner = model.input_shape is not None and "ExpectedBucketOwner" in model.input_shape.members
    return {**params, "ExpectedBucketOwner": os.environ[OWNER]} if takes_owner else params
