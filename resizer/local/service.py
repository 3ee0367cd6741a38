"""The local service: the embedded AWS, a bucket, and the trigger that resizes its uploads."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from resizer.local.embedded import CREDENTIALS, HOST, REGION, embedded_aws, make_bucket
from resizer.local.trigger import Handler, Invocation, Trigger, connect_queue
from resizer.s3 import clients


@dataclass(slots=True)
class Service:
    """A running service; `failures` lists the events that failed on every try.

    `output_bucket` is the bucket for renditions; it may be the same as `bucket`.
    """

    endpoint: str
    bucket: str
    output_bucket: str
    failures: list[Invocation] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which any AWS client uses the service."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, **CREDENTIALS}


def load_handler() -> Handler:
    """Import the Lambda handler, which reads the settings at import. Raises `ConfigError`."""
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")  # metrics are log lines for CloudWatch
    from resizer.handler import lambda_handler  # noqa: PLC0415 # it reads the settings at import

    return lambda_handler


def make_event_bus(bus: str) -> None:
    """Create the settings' event bus, by name or ARN; `default` exists already."""
    name = bus.rpartition("event-bus/")[2]
    if name not in {"", "default"}:
        clients.client("events").create_event_bus(Name=name)


@contextmanager
def local_service(  # noqa: PLR0913 # most have defaults
    bucket: str,
    port: int = 0,
    finished: Callable[[Invocation], None] | None = None,
    ended: threading.Event | None = None,
    *,
    host: str = HOST,
    output_bucket: str | None = None,
) -> Iterator[Service]:
    """Run the service during the block. The trigger's thread calls `finished` after every event.

    Also creates `output_bucket`, which sends no events.

    Raises `UsageError` if the port is in use, and `ConfigError` if the settings are wrong. If the trigger's thread
    crashes, it sets `ended`, and the end of the block raises `ResizerError`.
    """
    with embedded_aws(port, host=host) as endpoint:
        handler = load_handler()  # makes its clients, so the endpoint must be set
        service = Service(endpoint, bucket, _with_output_bucket(bucket, output_bucket))

        def record(invocation: Invocation) -> None:
            if invocation.problem:
                service.failures.append(invocation)
            if finished:
                finished(invocation)

        make_event_bus(os.environ.get("RESIZER_EVENT_BUS", "").strip())
        trigger = Trigger(connect_queue(bucket), handler, record, ended)
        trigger.start()
        try:
            yield service
        finally:
            trigger.stop()


@contextmanager
def storage_only(
    bucket: str, port: int = 0, *, host: str = HOST, output_bucket: str | None = None
) -> Iterator[Service]:
    """Run only S3, without the trigger, so that you can invoke functions yourself. Raises `UsageError`."""
    with embedded_aws(port, host=host) as endpoint:
        make_bucket(bucket)
        yield Service(endpoint, bucket, _with_output_bucket(bucket, output_bucket))


def _with_output_bucket(bucket: str, output_bucket: str | None) -> str:
    """The bucket for renditions; creates it if it is another one."""
    if output_bucket:
        make_bucket(output_bucket)
    return output_bucket or bucket
