"""The trigger: sends S3 notifications through a queue to `lambda_handler`, and retries as Lambda does."""

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from resizer.errors import ResizerError
from resizer.local.embedded import make_bucket
from resizer.s3 import clients

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]  # a Lambda handler

TRIES: Final = 3  # Lambda retries twice after an error
QUEUE: Final = "resizer-trigger"
EVENTS: Final = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")


@dataclass(frozen=True, slots=True)
class LocalContext:
    """The parts of Lambda's context that the handler uses."""

    function_name: str = "resizer-local"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:resizer-local"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the time-out: always a minute here."""
        return 60_000


@dataclass(frozen=True, slots=True)
class Invocation:
    """The result of one event: the handler's answer, or its error in the last of `tries` tries."""

    event: dict[str, Any]
    answer: dict[str, Any] | None
    problem: Exception | None
    tries: int


def connect_queue(bucket: str) -> str:
    """Create the bucket and a queue for its notifications; returns the queue's URL."""
    s3, sqs = clients.client("s3"), clients.client("sqs")
    url: str = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    make_bucket(bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": list(EVENTS)}]},
    )
    return url


class Trigger:
    """Reads notifications in a thread and calls the handler with each, until it is stopped.

    If the thread crashes because of our own bug, it sets `ended`.
    """

    def __init__(
        self,
        queue_url: str,
        handler: Handler,
        finished: Callable[[Invocation], None],
        ended: threading.Event | None = None,
    ) -> None:
        self._queue_url = queue_url
        self._handler = handler
        self._finished = finished
        self._ended = ended or threading.Event()
        self._problem: Exception | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trigger", daemon=True)

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current event and stop. Raises `ResizerError` if the thread has crashed."""
        self._stopping.set()
        self._thread.join()
        if self._problem:
            raise ResizerError(f"The trigger crashed: {self._problem!r}") from self._problem

    def _run(self) -> None:
        try:
            self._read()
        except Exception as problem:  # noqa: BLE001 # stop() raises it in the main thread
            self._problem = problem
            self._ended.set()

    def _read(self) -> None:
        sqs = clients.client("sqs")
        while not self._stopping.is_set():
            try:
                got = sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
                for message in got.get("Messages", ()):
                    self._finished(self.invoke(json.loads(message["Body"])))
                    sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
            except clients.REQUEST_ERRORS:
                self._stopping.wait(0.2)  # the server may be busy, or gone while stopping

    def invoke(self, event: dict[str, Any]) -> Invocation:
        """Call the handler with one event as Lambda does: up to three times if it raises."""
        problem: Exception | None = None
        for tries in range(1, TRIES + 1):
            try:
                answer = self._handler(event, LocalContext())
                return Invocation(event, json.loads(json.dumps(answer)), None, tries)
            except Exception as raised:  # noqa: BLE001 # Lambda retries after any error
                problem = raised
        return Invocation(event, None, problem, TRIES)
