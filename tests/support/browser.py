"""A real headless browser, and a web server that serves it a bucket like a CDN."""

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import pytest
from botocore.exceptions import ClientError

# Without these options Chromium sends requests to Google at every start.
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
)  # fmt: skip
SECONDS = 90  # a page that takes this long has failed
REPORT = """
function report(value) { return fetch("/reports", { method: "POST", body: JSON.stringify(value) }); }
addEventListener("error", (event) => report(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => report(`error: ${event.reason}`));
"""


def program(name: str, install: str) -> str:
    """The path of a program. Without it a developer's test is skipped; CI's fails."""
    if found := shutil.which(name):
        return found
    missing = f"there is no {name}: {install}"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass
class Browser:
    """Serves `pages`, by path with their content type and text, together with the objects of a bucket.

    A page reports its result with `report(...)`, which is defined in `/report.js`.
    """

    s3: Any
    bucket: str
    pages: Mapping[str, tuple[str, str]]
    reports: queue.Queue[Any] = field(default_factory=queue.Queue)

    def __enter__(self) -> Self:
        pages, s3, bucket, reports = (
            {**self.pages, "/report.js": ("text/javascript", REPORT)},
            self.s3,
            self.bucket,
            self.reports,
        )

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                if path in pages:
                    type_, text = pages[path]
                    return self.send(200, type_, text.encode())
                try:
                    found = s3.get_object(Bucket=bucket, Key=unquote(path[1:]))
                except ClientError:
                    return self.send(404, "text/plain", b"")
                return self.send(200, found["ContentType"], found["Body"].read())

            def do_POST(self) -> None:
                reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send(200, "text/plain", b"")

            def send(self, status: int, type_: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", type_)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def show(self, path: str, profile: Path) -> Any:
        """What a page reports, in a new Chromium with its own profile folder."""
        chromium = program("chromium", "apt install chromium")
        url = f"http://127.0.0.1:{self._server.server_address[1]}{path}"
        command = [chromium, *OPTIONS, f"--user-data-dir={profile}", url]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return self.reports.get(timeout=SECONDS)
        finally:
            running.terminate()
            running.wait()
