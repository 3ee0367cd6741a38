"""Adds a bucket's `EventBridgeConfiguration` to the embedded S3's responses; moto stores it but does not return it."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.s3.models import s3_backends
from werkzeug.wrappers import Response

ACCOUNT = "123456789012"  # moto's own
END = b"</NotificationConfiguration>"


def with_event_bridge(app: WSGIApplication) -> WSGIApplication:
    """The server, with the missing element added to its responses."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or "notification" not in environ["QUERY_STRING"]:
            return app(environ, start)
        response = Response.from_app(app, environ, buffered=True)
        bucket = s3_backends[ACCOUNT]["aws"].buckets.get(environ["PATH_INFO"].strip("/"))
        configuration = bucket and bucket.notification_configuration
        if configuration and configuration.event_bridge is not None:
            response.set_data(response.get_data().replace(END, b"<EventBridgeConfiguration/>" + END))
        return response(environ, start)

    return answer
