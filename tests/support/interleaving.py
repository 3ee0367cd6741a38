"""Handlers that advance one request at a time, in the order that a test chooses, and die where it says."""

import _thread
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError

from resizer.errors import ResizerError
from resizer.pipeline import process
from resizer.report import Report
from resizer.settings import Settings
from tests.support.recording import refusal
from tests.support.sources import sources

MAX_WAIT_SECONDS = 30  # for a handler's next request


class Fate(StrEnum):
    """What happens to one request."""

    DONE = "done"
    REFUSED = "refused"  # 503: nothing happened
    ANSWER_LOST = "answer lost"  # it was done, but the connection broke
    SENT_TWICE = "sent twice"  # it was done, the connection broke, and the client itself sent it again
    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"


class Died(BaseException):
    """The process of a handler ended; no `except Exception` sees it."""


class InlineExecutor(Executor):
    """Runs functions at once, in the caller's thread, so that a handler does one thing at a time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the function now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as problem:  # noqa: BLE001 # a future carries whatever was raised
            future.set_exception(problem)
        return future


@dataclass
class World:
    """What all handlers share: S3 and the settings."""

    s3: Any
    settings: Settings


@dataclass
class Handler:
    """One delivery of one event. It stops before each request, and waits for `step`."""

    world: World
    event: dict[str, Any]
    reports: list[Report] = field(default_factory=list)
    problem: BaseException | None = None
    pending: str = "start"
    _fate: Fate = Fate.DONE
    _dead: bool = False
    # Plain locks, each released by the other thread, because a model run switches threads some hundred thousand times.
    _go: _thread.LockType = field(default_factory=_thread.allocate_lock)
    _stopped: _thread.LockType = field(default_factory=_thread.allocate_lock)

    def __post_init__(self) -> None:
        self._go.acquire()
        self._stopped.acquire()
        _thread.start_new_thread(self._run, ())
        self._wait()

    @property
    def ended(self) -> bool:
        """Whether it is done, has failed or has died."""
        return not self.pending

    @property
    def must_come_back(self) -> bool:
        """Whether its event must be delivered again."""
        return self.ended and self.problem is not None

    @property
    def is_at_a_write(self) -> bool:
        """Whether its pending request changes anything."""
        return self.pending.startswith(("put", "delete"))

    def step(self, fate: Fate = Fate.DONE) -> None:
        """Let it make its pending request, and run until the next one."""
        self._fate = fate
        self._go.release()
        self._wait()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=MAX_WAIT_SECONDS), f"hangs after {self.pending}"

    def _run(self) -> None:
        try:
            for source in sources(self.event):
                self.reports.append(process(source, self.world.settings, self))
        except (ResizerError, Died) as problem:
            self.problem = problem
        except BaseException as problem:  # noqa: BLE001 # the test raises it
            self.problem = problem
        self.pending = ""
        self._stopped.release()

    def _stop(self, what: str) -> None:
        if self._dead:
            raise Died
        self.pending = what
        self._stopped.release()
        self._go.acquire()

    def _sent_again(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The response to a request that botocore sends twice. An error says so, as botocore's do."""
        try:
            answer: dict[str, Any] = getattr(self.world.s3, operation)(**arguments)
        except ClientError as problem:
            problem.response.setdefault("ResponseMetadata", {})["RetryAttempts"] = 1  # type: ignore[typeddict-item] # the rest is left out
            raise
        return answer

    def _die(self) -> None:
        self._dead = True
        raise Died

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        if operation not in {"get_object", "head_object", "put_object", "delete_object"}:
            raise AttributeError(operation)

        def request(**arguments: Any) -> dict[str, Any]:
            self._stop(f"{operation} {arguments['Key']}")
            if self._fate is Fate.DIES_BEFORE:
                self._die()
            if self._fate is Fate.REFUSED:
                raise refusal("SlowDown", operation)
            try:
                answer: dict[str, Any] = getattr(self.world.s3, operation)(**arguments)
                if self._fate is Fate.SENT_TWICE:
                    answer = self._sent_again(operation, arguments)
            finally:
                if self._fate is Fate.DIES_AFTER:
                    self._die()
            if self._fate is Fate.ANSWER_LOST:
                raise ConnectionClosedError(endpoint_url="http://s3")
            return answer

        return request
