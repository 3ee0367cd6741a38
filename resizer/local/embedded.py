"""Runs moto's AWS server on loopback, in a thread of this process."""

import errno
import json
import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from resizer.errors import UsageError
from resizer.s3 import clients

HOST: Final = "127.0.0.1"
EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 # only if the user asks for it
CONNECT_SECONDS: Final = 5
REGION: Final = "us-east-1"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
# Variables that could send our requests elsewhere, even to a real account.
REMOVED_VARIABLES: Final = re.compile(r"AWS_.*|.*_PROXY", re.IGNORECASE)
OUR_VARIABLES: Final = {
    **CREDENTIALS,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "*",  # ignores a proxy of the operating system, too
}

# Allowed without credentials. moto has the action s3:HeadObject, which AWS does not have.
PUBLIC_ACTIONS: Final = ["s3:GetObject", "s3:HeadObject", "s3:PutObject"]
FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@contextmanager
def embedded_aws(
    port: int = 0, wrap: Callable[[WSGIApplication], WSGIApplication] = lambda app: app, *, host: str = HOST
) -> Iterator[str]:
    """Serve S3 and SQS on a port (0: any free one) of an IPv4 address of this machine; yields the endpoint's URL.

    `wrap` may wrap the server's WSGI application, for example to inject faults.

    Inside the block all AWS clients of this process use this endpoint. Raises `UsageError` if the port is in use, or
    if this machine cannot connect to it.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    address = HOST if host == EVERY_ADDRESS else host
    listener = _listen(host, port)
    _check_connection(address, listener)
    app = wrap(_accept_forms(_Dispatcher(create_backend_app)))
    number = listener.getsockname()[1]
    server = make_server(host, number, app, threaded=True, request_handler=MotoRequestHandler, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, name="embedded-aws", daemon=True)
    thread.start()
    endpoint = f"http://{address}:{number}"
    try:
        with _environment(endpoint):
            yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        moto_api_backend.reset()  # moto keeps its objects in this process; the next server starts empty
        listener.close()


class _Dispatcher(DomainDispatcherApplication):
    # moto would list its own folder for every request, which is a third of the request's time.
    get_backend_for_host = cache(DomainDispatcherApplication.get_backend_for_host)


def make_bucket(bucket: str) -> None:
    """Create a bucket that you can read from and write to without credentials, with curl or from a web page."""
    s3 = clients.client("s3")
    statement = {"Effect": "Allow", "Principal": "*", "Action": PUBLIC_ACTIONS, "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    rule = {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})


def _accept_forms(app: WSGIApplication) -> WSGIApplication:
    """Let moto store PUTs with the Content-Type of a form, with which it would hang, because it parses forms first.

    `curl --data-binary` sends `application/x-www-form-urlencoded`. We change it to `application/octet-stream`.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(FORM_TYPES):
            environ["CONTENT_TYPE"] = "application/octet-stream"
        return app(environ, start)

    return answer


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as problem:
        listener.close()
        if problem.errno == errno.EADDRINUSE:
            raise UsageError(f"Port {port} is in use; choose another with --port, or 0 for any free one.") from None
        if problem.errno == errno.EADDRNOTAVAIL or isinstance(problem, socket.gaierror):
            raise UsageError(f"{host} is not an IPv4 address of this machine; choose another with --host.") from None
        raise UsageError(f"Port {port} cannot be opened: {problem.strerror}.") from problem
    return listener


def _check_connection(address: str, listener: socket.socket) -> None:
    """Raise `UsageError` if nothing can connect to the listener, as in a sandbox without a loopback device."""
    try:
        socket.create_connection((address, listener.getsockname()[1]), CONNECT_SECONDS).close()
    except OSError:
        listener.close()
        raise UsageError(f"This machine cannot connect to {address}.") from None


@contextmanager
def _environment(endpoint: str) -> Iterator[None]:
    before = dict(os.environ)
    for name in filter(REMOVED_VARIABLES.fullmatch, before):
        del os.environ[name]
    os.environ.update(OUR_VARIABLES, AWS_ENDPOINT_URL=endpoint)
    clients.forget()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        clients.forget()
