"""An event bus of the embedded AWS, with a rule that sends its events to a queue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from resizer.s3 import clients

PATTERN = {"source": ["resizer"]}


@dataclass(frozen=True, slots=True)
class Listening:
    """An event bus, and the queue for the events that its rule matches."""

    bus: str
    queue_url: str

    @classmethod
    def on(cls, bus: str, pattern: dict[str, Any] | None = None) -> Listening:
        """Create both."""
        events, sqs = clients.client("events"), clients.client("sqs")
        events.create_event_bus(Name=bus)
        url = sqs.create_queue(QueueName=f"events-of-{bus}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps(pattern or PATTERN))
        events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        return cls(bus, url)

    def received(self) -> list[dict[str, Any]]:
        """The events since the last call, in order."""
        found: list[dict[str, Any]] = []
        while got := clients.client("sqs").receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10):
            if not (messages := got.get("Messages", ())):
                break
            for message in messages:
                found.append(json.loads(message["Body"]))
                clients.client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def close(self) -> None:
        """Delete both."""
        events = clients.client("events")
        events.remove_targets(Rule="all", EventBusName=self.bus, Ids=["queue"])
        events.delete_rule(Name="all", EventBusName=self.bus)
        events.delete_event_bus(Name=self.bus)
        clients.client("sqs").delete_queue(QueueUrl=self.queue_url)
