"""Handlers in real threads race for one key, and the renditions show the last version."""

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from resizer.errors import ResizerError
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.conftest import BUCKET
from tests.support.memory_s3 import MemoryS3
from tests.support.sources import sources

KEY = "a+b c%25é 日本.png"
COLOURS = ("red", "lime", "blue", "white")
HANDLERS = 8
SMALL = Settings(defaults=Rule.of_widths((3, 2, 1)))


class Serialised:
    """Sends one request at a time, because the embedded S3's conditional writes are not atomic like those of AWS."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, operation: str) -> Any:
        def request(**arguments: Any) -> Any:
            with self._lock:
                return getattr(self._client, operation)(**arguments)

        return request


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3), colour).save(buffer, "PNG")
    return buffer.getvalue()


def until_done(store: Any, event: dict[str, Any]) -> None:
    """Process an event again until it succeeds, as Lambda does."""
    for source in sources(event):
        while True:
            try:
                process(source, SMALL, store)
                break
            except ResizerError:
                continue


class Inbox:
    """The events in order; threads can wait for them."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._arrived = threading.Condition()

    def put(self, event: dict[str, Any]) -> None:
        """Add an event."""
        with self._arrived:
            self._events.append(event)
            self._arrived.notify_all()

    def wait_for(self, index: int) -> dict[str, Any]:
        """The event at this index, once it has arrived."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._events) > index, timeout=30)
            return self._events[index]


def race(store: Any, inbox: Inbox) -> None:
    """Upload four versions, while two handlers process the event of each."""
    start = threading.Barrier(HANDLERS + 1)

    def handler(number: int) -> None:
        start.wait()
        until_done(store, inbox.wait_for(number // 2))

    with ThreadPoolExecutor(HANDLERS) as threads:
        running = [threads.submit(handler, number) for number in range(HANDLERS)]
        start.wait()
        for colour in COLOURS:
            store.put_object(Bucket=BUCKET, Key=KEY, Body=picture(colour))
        for each in running:
            each.result()


def assert_shows(store: Any, colour: str) -> None:
    etag = hashlib.md5(picture(colour), usedforsecurity=False).hexdigest()
    for spec in SMALL.defaults.renditions:
        stored = store.get_object(Bucket=BUCKET, Key=f"resized/{spec.name}-{KEY}")
        assert stored["Metadata"]["source-etag"] == etag
        shown = Image.open(io.BytesIO(stored["Body"].read())).convert("RGB").getpixel((0, 0))
        assert shown == Image.new("RGB", (1, 1), colour).getpixel((0, 0))


@pytest.mark.parametrize("round_", range(20))
@pytest.mark.parametrize("sequencers", [True, False])
def test_eight_handlers_in_threads_end_with_the_last_version(round_: int, sequencers: bool) -> None:  # noqa: FBT001 # a parameter
    """Eight threads process the events of four versions, each twice; the renditions show the last version."""
    inbox = Inbox()

    def notify(event: dict[str, Any]) -> None:
        if not event["Records"][0]["s3"]["object"]["key"].startswith("resized/"):
            inbox.put(event)

    store = MemoryS3(notify, sequencers=sequencers)
    race(store, inbox)
    assert_shows(store, COLOURS[-1])


@pytest.mark.parametrize("round_", range(2))
def test_eight_handlers_over_http_end_with_the_last_version(s3: Any, round_: int) -> None:
    """The same over HTTP with the embedded S3, whose events have no sequencers."""
    inbox = Inbox()
    store = Serialised(s3)
    plain = store.put_object

    def put_and_notify(**request: Any) -> Any:
        answer = plain(**request)
        if request["Key"] == KEY:
            stored = {"key": request["Key"].replace("%", "%25").replace("+", "%2B"), "eTag": answer["ETag"].strip('"')}
            entity = {"bucket": {"name": BUCKET}, "object": stored}
            inbox.put({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": entity}]})
        return answer

    store.__dict__["put_object"] = put_and_notify
    race(store, inbox)
    assert_shows(store, COLOURS[-1])
