"""The local service: the embedded AWS, a bucket, and the trigger that resizes what lands in it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resizer.local.embedded import CREDENTIALS, HOST, REGION, embedded_aws
from resizer.local.trigger import Handler, Invocation, Trigger, wire
from resizer.s3 import clients

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator


@dataclass(slots=True)
class Service:
    """A running service; `failures` lists the events that failed on every try.

    Renditions are in `output_bucket`, which is `bucket` unless they have one of their own.
    """

    endpoint: str
    bucket: str
    output_bucket: str
    failures: list[Invocation] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which any AWS client finds it."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, **CREDENTIALS}


def load_handler() -> Handler:
    """The Lambda handler, which reads the settings when it is first imported. Raises `ConfigError`."""
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")  # metrics are lines for CloudWatch to read
    from resizer.handler import lambda_handler  # noqa: PLC0415 # not before this is called for

    return lambda_handler


def make_event_bus(bus: str) -> None:
    """Make the event bus of the settings, given by its name or ARN; every account has one called `default`."""
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
    """Run the service while the block runs. `finished` hears of every event, in the trigger's thread.

    `output_bucket` is that of the settings; it is made, too, and sends no events.

    Raises `UsageError` where the port is taken and `ConfigError` where the settings are wrong; at the block's end
    `ResizerError` where the trigger has broken off, of which `ended` tells at once.
    """
    with embedded_aws(port, host=host) as endpoint:
        handler = load_handler()  # which makes its client, so it has to see this endpoint
        service = Service(endpoint, bucket, _with_output_bucket(bucket, output_bucket))

        def note(invocation: Invocation) -> None:
            if invocation.problem:
                service.failures.append(invocation)
            if finished:
                finished(invocation)

        make_event_bus(os.environ.get("RESIZER_EVENT_BUS", "").strip())
        trigger = Trigger(wire(bucket), handler, note, ended)
        trigger.start()
        try:
            yield service
        finally:
            trigger.stop()


@contextmanager
def storage_alone(
    bucket: str, port: int = 0, *, host: str = HOST, output_bucket: str | None = None
) -> Iterator[Service]:
    """The same buckets with no trigger, for functions that are invoked by hand. Raises `UsageError`."""
    with embedded_aws(port, host=host) as endpoint:
        clients.client("s3").create_bucket(Bucket=bucket)
        yield Service(endpoint, bucket, _with_output_bucket(bucket, output_bucket))


def _with_output_bucket(bucket: str, output_bucket: str | None) -> str:
    """Where renditions go; a bucket of their own is made."""
    if output_bucket:
        clients.client("s3").create_bucket(Bucket=output_bucket)
    return output_bucket or bucket
