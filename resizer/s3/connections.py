"""Connections that are kept open between requests."""

from __future__ import annotations

import os
import select
import ssl
from functools import cache
from http.client import HTTPConnection, HTTPSConnection
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from resizer.deadline import Clock
    from resizer.s3.endpoint import Origin, Place

MOST_IDLE: Final = 10  # connections that are kept, to all hosts together


class Connections:
    """A pool: each request has a connection to itself, and hands it back when its answer has been read."""

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        self.connect_timeout = connect_timeout  # seconds
        self.read_timeout = read_timeout  # seconds between two pieces of an answer
        self._idle: list[tuple[Origin, HTTPConnection]] = []  # the one used last at the end
        self._lock = Lock()

    def take(self, place: Place, clock: Clock) -> HTTPConnection:
        """An open connection, the one used last where there is one. Raises `OSError`, and `OutOfTime`."""
        while connection := self._newest(place.origin):
            if not _is_dropped(connection):
                return connection
            connection.close()
        connection = _made(place, clock.within(self.connect_timeout))
        connection.connect()
        return connection

    def give_back(self, place: Place, connection: HTTPConnection) -> None:
        """Keep a connection whose answer has been read to its end; one that the server closes is not kept."""
        if connection.sock is None:
            return
        with self._lock:
            self._idle.append((place.origin, connection))
            oldest = self._idle.pop(0)[1] if len(self._idle) > MOST_IDLE else None
        if oldest:
            oldest.close()

    def forget(self, place: Place) -> None:
        """Close what is idle: where one connection has died unnoticed, as in a freeze, the others have too."""
        while connection := self._newest(place.origin):
            connection.close()

    def _newest(self, origin: Origin) -> HTTPConnection | None:
        with self._lock:
            for index in range(len(self._idle) - 1, -1, -1):
                if self._idle[index][0] == origin:
                    return self._idle.pop(index)[1]
        return None


def _made(place: Place, timeout: float) -> HTTPConnection:
    if place.secure:
        return HTTPSConnection(place.host, timeout=timeout, context=_trust())
    return HTTPConnection(place.host, timeout=timeout)


def _is_dropped(connection: HTTPConnection) -> bool:
    """Whether the server has closed an idle connection: nothing else can be waiting to be read on it."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


@cache
def _trust() -> ssl.SSLContext:
    """Whose certificates are believed: `AWS_CA_BUNDLE`, or those that AWS ships with botocore."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    if not bundle:
        botocore = find_spec("botocore")
        folders = botocore.submodule_search_locations if botocore else None
        bundle = next((str(path) for folder in folders or () if (path := Path(folder, "cacert.pem")).is_file()), None)
    return ssl.create_default_context(cafile=bundle)
