"""The local service resizes what is uploaded to it, by real notifications, so recursion could really happen."""

import io
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
import pytest
from boto3.s3.transfer import TransferConfig

from resizer import handler, pipeline
from resizer.errors import ResizerError
from resizer.local.embedded import embedded_aws
from resizer.local.service import local_service
from resizer.local.trigger import Invocation, Trigger, connect_queue
from resizer.s3 import clients
from resizer.settings import Settings
from tests.support.command_line import resizer
from tests.support.pictures import photo_like, saved

pytestmark = pytest.mark.slow

BUCKET = "uploads"
PATIENCE = 30  # seconds; a test that waits this long has failed
SILENCE = 3  # seconds, longer than the reader's own poll


@pytest.fixture
def events() -> queue.Queue[Invocation]:
    """The events that the service has finished, in order."""
    return queue.Queue()


@pytest.fixture
def s3(events: queue.Queue[Invocation]) -> Iterator[Any]:
    """An S3 client of a running service."""
    with local_service(BUCKET, finished=events.put):
        yield clients.client("s3")


def results(events: queue.Queue[Invocation], count: int) -> list[dict[str, Any]]:
    """The next `count` results; S3's test event has none."""
    received: list[dict[str, Any]] = []
    while len(received) < count:
        received += (events.get(timeout=PATIENCE).answer or {}).get("results", [])
    return received


def keys(s3: Any) -> set[str]:
    return {entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def test_an_upload_gives_three_renditions_and_then_silence(s3: Any, events: queue.Queue[Invocation]) -> None:
    """An upload gives three renditions; their events are skipped as `output_prefix`, and nothing follows."""
    s3.put_object(Bucket=BUCKET, Key="a+b c é.jpg", Body=saved(photo_like(1200, 800)))
    first, *further = results(events, 4)
    assert (first["key"], first["outcome"]) == ("a+b c é.jpg", "resized")
    assert {(each["outcome"], each["reason"]) for each in further} == {("skipped", "output_prefix")}
    assert {each["key"] for each in further} == {each["key"] for each in first["renditions"]}
    with pytest.raises(queue.Empty):
        events.get(timeout=SILENCE)
    assert keys(s3) == {"a+b c é.jpg"} | {each["key"] for each in first["renditions"]}


def test_deleting_a_source_deletes_its_renditions(s3: Any, events: queue.Queue[Invocation]) -> None:
    """The bucket's notification of a deletion deletes the renditions."""
    s3.put_object(Bucket=BUCKET, Key="a+b c%25é 日本.jpg", Body=saved(photo_like(64, 48)))
    results(events, 4)
    s3.delete_object(Bucket=BUCKET, Key="a+b c%25é 日本.jpg")
    first, *further = results(events, 4)
    assert (first["key"], first["outcome"]) == ("a+b c%25é 日本.jpg", "removed")
    assert {each["reason"] for each in further} == {"output_prefix"}
    assert keys(s3) == set()


def test_without_the_guard_it_recurses(
    s3: Any, events: queue.Queue[Invocation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the guard, renditions become sources, so the tests above can fail."""
    monkeypatch.setattr(pipeline, "reason_to_skip", lambda *_: None)
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(64, 48)))
    results(events, 4)
    assert any(key.startswith("resized/480-resized/") for key in keys(s3))


def test_a_multipart_upload_is_resized_once(s3: Any, events: queue.Queue[Invocation]) -> None:
    """The embedded S3 sends two events for a multipart upload; the second one finds the work already done."""
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big.jpg")
    part = {"Bucket": BUCKET, "Key": "big.jpg", "UploadId": upload["UploadId"], "PartNumber": 1}
    etag = s3.upload_part(**part, Body=saved(photo_like(800, 600)))["ETag"]
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="big.jpg", UploadId=upload["UploadId"],
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
    )  # fmt: skip
    ours = [each for each in results(events, 5) if each["key"] == "big.jpg"]
    assert ours[0]["outcome"] == "resized"
    assert {each["reason"] for each in ours[1:]} <= {"already_done"}


def test_a_failing_event_is_tried_three_times_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Like Lambda, the service retries an event twice and then adds it to its failures."""
    tries: list[int] = []
    finished: queue.Queue[Invocation] = queue.Queue()

    def failing(*_: object) -> None:
        tries.append(1)
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(handler, "process", failing)
    with local_service(BUCKET, finished=finished.put) as service:
        clients.client("s3").put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"anything")
        while not finished.get(timeout=PATIENCE).problem:
            pass
    assert len(tries) == 3
    assert [failure.event["Records"][0]["s3"]["object"]["key"] for failure in service.failures] == ["cat.jpg"]


def test_the_shells_proxies_and_endpoints_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell's proxies, endpoints, profiles and config files have no effect inside, and come back afterwards."""
    nowhere = "http://127.0.0.1:9"
    shell = {
        "http_proxy": nowhere,
        "HTTPS_PROXY": nowhere,
        "ALL_PROXY": nowhere,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ENDPOINT_URL_SQS": nowhere,
        "AWS_ENDPOINT_URL_S3": nowhere,
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_PROFILE": "work",
        "AWS_CONFIG_FILE": "/nowhere",
    }
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    finished: queue.Queue[Invocation] = queue.Queue()
    with local_service(BUCKET, finished=finished.put):
        clients.client("s3").put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(64, 48)))
        assert results(finished, 1)[0]["outcome"] == "resized"
    assert {name: os.environ[name] for name in shell} == shell


def test_the_trigger_survives_an_error_of_the_queue() -> None:
    """If the queue refuses a request, the trigger asks again, and no event is lost."""
    refused: list[str] = []
    finished: queue.Queue[Invocation] = queue.Queue()

    def refusing_once(app: WSGIApplication) -> WSGIApplication:
        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            target = environ.get("HTTP_X_AMZ_TARGET", "")
            if refused or not target.endswith("ReceiveMessage"):
                return app(environ, start)
            refused.append(target)
            start("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
            return [b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "on purpose"}']

        return answer

    with embedded_aws(wrap=refusing_once):
        trigger = Trigger(connect_queue(BUCKET), lambda event, _: event, finished.put)
        trigger.start()
        clients.client("s3").put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"anything")
        while "Records" not in finished.get(timeout=PATIENCE).event:
            pass  # S3 tests a new notification
        trigger.stop()
    assert len(refused) == 1


def test_a_crash_of_the_trigger_ends_the_service() -> None:
    """If the trigger crashes, `ended` is set and the block raises the error."""
    ended = threading.Event()

    def broken(_: Invocation) -> None:
        raise ZeroDivisionError("on purpose")

    def serve() -> None:
        with local_service(BUCKET, finished=broken, ended=ended):
            clients.client("s3").put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"anything")
            assert ended.wait(PATIENCE)

    with pytest.raises(ResizerError, match="crashed: ZeroDivisionError"):
        serve()


def test_no_trigger_resizes_nothing() -> None:
    """`--no-trigger` serves a bucket without notifications, and suggests how to list the uploads."""
    with running("--no-trigger") as (_, lines):
        assert lines[0] == "The local S3 is ready. Uploads are not resized.\n"
        assert "  aws s3 ls s3://photos/\n" in lines
        s3 = boto3.client("s3", **connection(lines))
        s3.put_object(Bucket="photos", Key="cat.jpg", Body=saved(photo_like(64, 48)))
        assert s3.get_bucket_notification_configuration(Bucket="photos").keys() == {"ResponseMetadata"}


def test_quiet_hides_the_events_of_renditions() -> None:
    """`--quiet` prints one line per upload and none for its renditions; the suggested upload has the source prefix."""
    with running("--quiet", RESIZER_SOURCE_PREFIX="uploads/") as (process, lines):
        assert process.stdout
        assert "  aws s3 cp cat.jpg s3://photos/uploads/\n" in lines
        s3 = boto3.client("s3", **connection(lines))
        for key in ("uploads/one.jpg", "uploads/two.jpg"):
            s3.put_object(Bucket="photos", Key=key, Body=saved(photo_like(64, 48)))
            assert process.stdout.readline().startswith(f"resized   {key}  ")


def test_the_line_of_an_upload_has_its_warnings() -> None:
    """If you set a wrong focal point, the line of the upload says that it is ignored."""
    with running("--quiet") as (process, lines):
        assert process.stdout
        body = saved(photo_like(64, 48))
        boto3.client("s3", **connection(lines)).put_object(
            Bucket="photos", Key="cat.jpg", Body=body, Metadata={"focal-point": "north"}
        )
        line = process.stdout.readline()
    assert line.startswith("resized   cat.jpg  ")
    assert "  The user metadata focal-point is ignored: 'north' is not two fractions such as 0.31,0.62.  " in line


def test_failed_events_are_listed_at_the_end(tmp_path: Path) -> None:
    """After Ctrl-C the service lists the events that failed on every try."""
    config = tmp_path / "resizer.toml"
    config.write_text(
        "[defaults]\nrenditions = [{ width = 9, watermark = 'logo' }]\n[watermarks.logo]\nkey = 'resized/none.png'\n"
    )
    with running(RESIZER_CONFIG=str(config)) as (process, lines):
        assert process.stdout
        boto3.client("s3", **connection(lines)).put_object(
            Bucket="photos", Key="cat.jpg", Body=saved(photo_like(64, 48))
        )
        tries = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        stopped = process.stdout.read()
    assert all(line.startswith("failed    cat.jpg  ") for line in tries)
    assert stopped.startswith(
        "Stopped.\nfailed 3 times  1 record(s) failed: The watermark s3://photos/resized/none.png "
    )


@pytest.mark.parametrize("bus", ["pictures", "arn:aws:events:us-east-1:123456789012:event-bus/pictures", "default"])
def test_the_event_bus_is_created(bus: str, events: queue.Queue[Invocation], monkeypatch: pytest.MonkeyPatch) -> None:
    """The service creates the settings' event bus, so uploads succeed at the first try."""
    monkeypatch.setenv("RESIZER_EVENT_BUS", bus)
    monkeypatch.setattr(handler, "settings", Settings.from_env(os.environ))
    with local_service(BUCKET, finished=events.put):
        buses = clients.client("events").list_event_buses()["EventBuses"]
        assert bus.rpartition("/")[2] in {each["Name"] for each in buses}
        clients.client("s3").put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(64, 48)))
        (result,) = results(events, 1)
        assert (result["key"], result["outcome"]) == ("cat.jpg", "resized")


def test_renditions_in_an_output_bucket_send_no_events() -> None:
    """With an output bucket, an upload, an overwrite and a deletion print one line each."""
    elsewhere = {"RESIZER_BUCKETS": "photos", "RESIZER_OUTPUT_BUCKET": "thumbs", "RESIZER_OUTPUT_PREFIX": ""}
    with running(**elsewhere) as (process, lines):
        assert process.stdout
        assert "  aws s3 ls s3://thumbs/\n" in lines
        s3 = boto3.client("s3", **connection(lines))
        for width in (64, 48):
            s3.put_object(Bucket="photos", Key="cat.jpg", Body=saved(photo_like(width, 48)))
            assert process.stdout.readline().startswith(f"resized   cat.jpg  JPEG {width}x48")
        assert [each["Key"] for each in s3.list_objects_v2(Bucket="photos")["Contents"]] == ["cat.jpg"]
        written = [each["Key"] for each in s3.list_objects_v2(Bucket="thumbs")["Contents"]]
        assert written == ["1000-cat.jpg", "480-cat.jpg", "640-cat.jpg"]
        s3.delete_object(Bucket="photos", Key="cat.jpg")
        assert process.stdout.readline().startswith("removed   cat.jpg")
        assert "Contents" not in s3.list_objects_v2(Bucket="thumbs")


def test_a_body_with_a_form_content_type_is_stored_unchanged(s3: Any) -> None:
    """`curl -X PUT --data-binary @cat.jpg` sends a form's Content-Type; the bytes are stored as sent."""
    body = b"key=a&file=%20" * 40_000
    url = f"{s3.meta.endpoint_url}/{BUCKET}/note"
    for number, form in enumerate(("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")):
        data = bytes([number]) + body
        request = Request(url, data=data, method="PUT", headers={"Content-Type": form})  # noqa: S310 # loopback
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 # as above
            assert answer.status == 200
        assert s3.get_object(Bucket=BUCKET, Key="note")["Body"].read() == data


def test_an_object_can_be_read_and_overwritten_without_credentials(s3: Any) -> None:
    """curl without credentials works on objects that were uploaded with credentials."""
    s3.put_object(Bucket=BUCKET, Key="note", Body=b"old")
    url = f"{s3.meta.endpoint_url}/{BUCKET}/note"
    for method, body in (("GET", None), ("HEAD", None), ("PUT", b"new")):
        with urlopen(Request(url, data=body, method=method), timeout=PATIENCE) as answer:  # noqa: S310 # loopback
            assert answer.status == 200
        assert s3.get_object(Bucket=BUCKET, Key="note")["Body"].read() == (body or b"old")


def test_a_page_of_another_origin_can_fetch_renditions(s3: Any, events: queue.Queue[Invocation]) -> None:
    """A rendition can be read without credentials, and from a page of another origin."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(64, 48)))
    first, *_ = results(events, 4)
    url = f"{s3.meta.endpoint_url}/{BUCKET}/{first['renditions'][0]['key']}"
    with urlopen(Request(url, headers={"Origin": "http://localhost:5173"}), timeout=PATIENCE) as answer:  # noqa: S310 # loopback
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Access-Control-Allow-Origin"] in {"*", "http://localhost:5173"}


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`resizer up` in its own process, and the lines it printed until it was ready."""
    command = [sys.executable, "-m", "resizer", "up", "--port", "0", *arguments]
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    assert process.stdout
    try:
        lines = list(iter(process.stdout.readline, "Ctrl-C stops it and deletes everything.\n"))
        yield process, lines
    finally:
        process.kill()
        process.wait()


def exports(lines: list[str]) -> dict[str, str]:
    """The variables in the `export` line that the service prints."""
    line = next(line for line in lines if "export " in line)
    return dict(pair.split("=", 1) for pair in line.split()[1:])


def connection(lines: list[str]) -> dict[str, str]:
    """The same variables as arguments for boto3."""
    variables = exports(lines)
    return {
        "endpoint_url": variables["AWS_ENDPOINT_URL"],
        "region_name": variables["AWS_REGION"],
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
    }


def test_the_aws_command_line_uploads_to_it(tmp_path: Path) -> None:
    """`aws s3 cp` with the printed variables gives renditions and a line per event; Ctrl-C ends the service cleanly.

    The second event of a multipart upload prints `already_done` without sizes.
    """
    photo = tmp_path / "my cat.jpg"
    photo.write_bytes(saved(photo_like(1200, 800)))
    with running() as (process, lines):
        assert process.stdout
        environment = {**os.environ, **exports(lines)}
        aws = [str(Path(sys.executable).with_name("aws")), "s3", "cp", str(photo), "s3://photos/"]
        subprocess.run(aws, env=environment, check=True, capture_output=True)
        printed = [process.stdout.readline() for _ in range(4)]
        s3, body = boto3.client("s3", **connection(lines)), io.BytesIO(saved(photo_like(64, 48)))
        s3.upload_fileobj(body, "photos", "cat.jpg", Config=TransferConfig(multipart_threshold=1))
        of_parts = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert printed[0].startswith("resized   my cat.jpg  JPEG 1200x800")
    assert "480x320 640x427 1000x667" in printed[0]
    assert all(line.startswith("skipped   resized/") and "output_prefix" in line for line in printed[1:])
    assert [line.count("→") for line in of_parts if "skipped   cat.jpg" in line and "already_done" in line] == [0]
    assert [line.count("→") for line in of_parts if "resized   cat.jpg" in line] == [1]
    assert rest == "Stopped.\n"
    assert process.returncode == 0


def test_the_suggested_upload_is_resized(tmp_path: Path) -> None:
    """The printed `aws s3 cp` command uploads to the settings' bucket and source prefix."""
    (tmp_path / "cat.jpg").write_bytes(saved(photo_like(64, 48)))
    with running(RESIZER_BUCKETS="shop,stock", RESIZER_SOURCE_PREFIX="img-") as (process, lines):
        assert process.stdout
        command = next(line for line in lines if "aws s3 cp" in line).split()
        assert command[1:] == ["s3", "cp", "cat.jpg", "s3://shop/img-cat.jpg"]
        aws = [str(Path(sys.executable).with_name("aws")), *command[1:]]
        subprocess.run(aws, cwd=tmp_path, env={**os.environ, **exports(lines)}, check=True, capture_output=True)
        assert process.stdout.readline().startswith("resized   img-cat.jpg")


def test_the_source_bytes_are_those_that_were_read() -> None:
    """The line of an upload says `read`: bytes behind the picture are not downloaded, and so not counted."""
    picture = saved(photo_like(64, 48))
    with running("--quiet") as (process, lines):
        assert process.stdout
        boto3.client("s3", **connection(lines)).put_object(Bucket="photos", Key="cat.jpg", Body=picture + bytes(9**7))
        assert re.search(r"  \d+(\.\d)? kB read, 3 renditions ", process.stdout.readline())


NO_LOOPBACK = ["unshare", "--map-root-user", "--net"]


@pytest.mark.parametrize("arguments", [["up", "--port", "0"], ["demo"]])
def test_without_a_loopback_device_one_line_says_so(tmp_path: Path, arguments: list[str]) -> None:
    """If nothing can connect to loopback, as in some sandboxes, one line says so; exit 2."""
    if (
        not shutil.which("unshare")
        or subprocess.run([*NO_LOOPBACK, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("unshare cannot create a network namespace here")
    command = [*NO_LOOPBACK, sys.executable, "-m", "resizer", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "resizer: This machine cannot connect to 127.0.0.1.\n"


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """If the port is in use, one line says what to do; exit 2."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        second = resizer("up", "--port", port, cwd=tmp_path)
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == f"resizer: Port {port} is in use; choose another with --port, or 0 for any free one.\n"
