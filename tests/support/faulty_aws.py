"""The embedded AWS as a process of its own, which fails one in ten of the service's requests.

`python -m tests.support.faulty_aws SEED` prints its endpoint and serves until its input ends. Then it prints, as JSON,
how often each fault happened and how often each key was written.
"""

import json
import os
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from resizer.local.embedded import embedded_aws

RATE = 0.1
FAULTS = ("503", "reset before", "reset after", "slow")
SLOW_SECONDS = 0.05
TESTS_OWN = "the-tests-own"  # in the user agent of requests that never fail


class Faults:
    """A WSGI middleware that fails some requests, and counts faults and writes."""

    def __init__(self, app: WSGIApplication, seed: int) -> None:
        self.app = app
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, or fail it."""
        fault = self._fault(environ)
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        if fault == "reset before":
            reset(environ)
        if fault == "503":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"]
        served = b"".join(self.app(environ, self._counting(environ, start_response)))
        if fault == "reset after":
            reset(environ)
        return [served]

    def _fault(self, environ: WSGIEnvironment) -> str | None:
        if TESTS_OWN in environ.get("HTTP_USER_AGENT", "") or environ["PATH_INFO"].count("/") < 2:
            return None
        with self.lock:
            self.counts["requests"] += 1
            fault = self.chance.choice(FAULTS) if self.chance.random() < RATE else None
            self.counts[str(fault)] += 1
        return fault

    def _counting(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        def start(status: str, *rest: Any) -> Any:
            if environ["REQUEST_METHOD"] == "PUT" and status.startswith("200"):
                with self.lock:
                    self.writes[environ["PATH_INFO"]] += 1
            return start_response(status, *rest)

        return start


def reset(environ: WSGIEnvironment) -> None:
    """Close the connection so that the client sees a reset."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, connection.fileno())  # closes the socket's last descriptor, which resets the connection
    os.close(nothing)
    raise ConnectionResetError


def main() -> None:
    """Serve until the input ends."""
    faults: list[Faults] = []

    def wrap(app: WSGIApplication) -> WSGIApplication:
        faults.append(Faults(app, int(sys.argv[1])))
        return faults[0]

    with embedded_aws(wrap=wrap) as endpoint:
        print(endpoint, flush=True)  # noqa: T201 # for the test
        sys.stdin.read()
    print(json.dumps({"counts": faults[0].counts, "writes": faults[0].writes}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
