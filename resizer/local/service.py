"""The local service: the embedded AWS, a bucket, and the trigger that resizes what lands in it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resizer.local.embedded import embedded_aws
from resizer.local.trigger import Handler, Invocation, Trigger, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(slots=True)
class Service:
    """A running service; `failures` lists the events that failed on every try."""

    endpoint: str
    bucket: str
    failures: list[Invocation] = field(default_factory=list)


def load_handler() -> Handler:
    """The Lambda handler, which reads the settings when it is first imported. Raises `ConfigError`."""
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")  # metrics are lines for CloudWatch to read
    from resizer.handler import lambda_handler  # noqa: PLC0415 # not before this is called for

    return lambda_handler


@contextmanager
def local_service(
    bucket: str, port: int = 0, finished: Callable[[Invocation], None] | None = None
) -> Iterator[Service]:
    """Run the service while the block runs. `finished` hears of every event, in the trigger's thread.

    Raises `UsageError` where the port is taken and `ConfigError` where the settings are wrong.
    """
    handler = load_handler()
    with embedded_aws(port) as endpoint:
        service = Service(endpoint, bucket)

        def note(invocation: Invocation) -> None:
            if invocation.problem:
                service.failures.append(invocation)
            if finished:
                finished(invocation)

        trigger = Trigger(wire(bucket), handler, note)
        trigger.start()
        try:
            yield service
        finally:
            trigger.stop()
