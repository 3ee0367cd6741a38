"""The template is deployed by `make deploy` into an emulated AWS, and uploads are resized there."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import botocore.session
import pytest
import yaml
from PIL import Image

from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.emulator import Emulator, emulator, free_ports, wait_until_open
from devtools.lambda_runtime.model import Tools
from devtools.lambda_runtime.template import load
from tests.conftest import PROJECT, needs_built_artifact
from tests.support.pictures import photo_like, saved

pytestmark = needs_built_artifact

STACK = PROJECT / ".venv-stack" / "bin"
SECRETS = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
UNUSED = "s3://artifacts/unused"  # layers that these parameters do not use are not uploaded
WIDTHS = (480, 640, 1000)
UNSUPPORTED_ALARMS = ("DurationAlarm", "LargeDurationAlarm")  # the emulated AWS has no metric math


class EmulatedAws:
    """The emulated AWS, and the gateway to the Lambda emulator that runs its function."""

    def __init__(self, endpoint: str, gateway: Gateway, config: Path) -> None:
        self.endpoint = endpoint
        self.config = config
        self.gateway = gateway

    def client(self, service: str) -> Any:
        session = botocore.session.get_session()
        session.set_credentials(SECRETS["AWS_ACCESS_KEY_ID"], SECRETS["AWS_SECRET_ACCESS_KEY"])
        return session.create_client(service, "us-east-1", endpoint_url=self.endpoint)


class Gateway(ThreadingHTTPServer):
    """Forwards the emulated AWS's invocations to the real runtime, one at a time."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Invocation)
        self.events: list[Any] = []
        self.handled = threading.Condition()  # notified after each event
        self.emulators: Queue[Emulator] = Queue(1)  # empty until the stack is deployed; the first events wait

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Invocation(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        assert isinstance(self.server, Gateway)
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        running = self.server.emulators.get()
        result = running.invoke(event)
        self.server.emulators.put(running)
        with self.server.handled:
            self.server.events.append(event)
            self.server.handled.notify_all()
        error = {"errorType": result.error_type, "errorMessage": result.error_message}
        body = json.dumps(error if result.failed else result.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # http.server's name
        """Log nothing."""


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmulatedAws]:
    """An emulated AWS in its own process."""
    (port,) = free_ports(1)
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_ACCOUNT_ID": "123456789012"}
    settings |= {"HOME": str(tmp_path), "S3_DATA_DIR": str(tmp_path / "s3"), "TMPDIR": str(tmp_path)}
    log = (tmp_path / "aws.log").open("w")
    process = subprocess.Popen(
        [STACK / "python", "-m", "ministack"], env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
    )
    with Gateway() as gateway:
        thread = threading.Thread(target=gateway.serve_forever, daemon=True)
        thread.start()
        try:
            wait_until_open(process, port)
            config = tmp_path / "config"
            keys = "".join(f"{name.lower()} = {value}\n" for name, value in SECRETS.items() if "KEY" in name)
            config.write_text(f"[profile emulated]\n{keys}")
            yield EmulatedAws(f"http://127.0.0.1:{port}", gateway, config)
        finally:
            process.terminate()
            process.wait(10)
            gateway.shutdown()
            log.close()


def deployable(folder: Path, proxy: str) -> Path:
    """The built template without unsupported resources, with `proxy` running its functions."""
    template = load(PROJECT / BUILT)
    for name in UNSUPPORTED_ALARMS:
        del template["Resources"][name]
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        properties.pop("DeploymentPreference", None)  # it has no CodeDeploy either; the alias moves at once
        for code in ("CodeUri", "ContentUri"):
            if code in properties:
                unused = "Heic" in properties[code] or "Arm" in properties[code]
                properties[code] = UNUSED if unused else str(PROJECT / BUILT.parent / properties[code])
    del template["Globals"]["Function"]["CodeUri"]
    template["Globals"]["Function"]["Environment"]["Variables"]["MINISTACK_LAMBDA_PROXY_URL"] = proxy
    file = folder / "template.yaml"
    file.write_text(yaml.safe_dump(template, sort_keys=False))
    return file


def make(aws: EmulatedAws, *words: str) -> str:
    """Run `make` without a terminal, with a user's region and profile; assert success and return its output."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    profile = {
        "AWS_CONFIG_FILE": str(aws.config),
        "AWS_PROFILE": "emulated",
        "AWS_REGION": SECRETS["AWS_DEFAULT_REGION"],
    }
    done = subprocess.run(
        ["/usr/bin/env", "make", "--old-file", str(BUILT), *words, "NAME=resizer"],
        cwd=PROJECT,
        env={**others, **profile, "AWS_ENDPOINT_URL": aws.endpoint},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def deploy(aws: EmulatedAws, folder: Path, **parameters: str) -> dict[str, str]:
    """Run `make deploy PARAMETERS=...` and return the stack's outputs."""
    template = deployable(folder, aws.gateway.url)
    given = shlex.join(f"{name}={value}" for name, value in parameters.items())
    make(aws, "deploy", f"PARAMETERS={given}", "EMULATED=yes", f"ARGS=--template-file '{template}' --no-progressbar")
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="resizer")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@contextmanager
def function_as_deployed(aws: EmulatedAws, name: str, tools: Tools) -> Iterator[dict[str, Any]]:
    """The built function in the real runtime, with the deployed environment; yields its configuration."""
    deployed: dict[str, Any] = aws.client("lambda").get_function_configuration(FunctionName=name)
    environment = {**deployed["Environment"]["Variables"], **SECRETS, "AWS_ENDPOINT_URL": aws.endpoint}
    environment = {key: value for key, value in environment.items() if value or not key.startswith("AWS_")}
    function = built_function(PROJECT / BUILT)
    with emulator(replace(function, environment={**environment, "AWS_REGION": "us-east-1"}), tools) as running:
        aws.gateway.emulators.put(running)
        yield deployed


def test_a_deployed_stack_resizes_uploads(aws: EmulatedAws, tools: Tools, tmp_path: Path) -> None:
    """An upload triggers the function by its alias, and the renditions go to a bucket that existed before.

    A deleted stack leaves its bucket, and MakeBucket=no deploys it again. With the default trigger and an OutputBucket,
    an upload, an overwrite and a deletion invoke the function once each.
    """
    with_comma = "public, max-age=60"  # a space and a comma need quoting
    s3, images, thumbs = aws.client("s3"), "shop-photos", "shop-thumbs"
    s3.create_bucket(Bucket=thumbs)
    given = {"BucketName": images, "Trigger": "sqs", "SourcePrefix": "uploads/", "CacheControl": with_comma}
    outputs = deploy(aws, tmp_path, **given, OutputBucket=thumbs, MakeOutputBucket="no")
    assert outputs["Function"].endswith(":live")
    with function_as_deployed(aws, outputs["Function"], tools) as deployed:
        s3.put_object(Bucket=images, Key="uploads/cat.jpg", Body=saved(photo_like(1200, 900)))
        wait_for_uploads(aws, 1)
    assert keys(s3, images) == {"uploads/cat.jpg"}
    assert keys(s3, thumbs) == {f"resized/{width}-uploads/cat.jpg" for width in WIDTHS}
    assert len(uploads(aws)) == 1, "renditions must not invoke"
    assert deployed["Runtime"] == "python3.13"
    assert deployed["Environment"]["Variables"]["RESIZER_CACHE_CONTROL"] == with_comma
    # As `make destroy` does; `sam delete` needs a field that the emulated AWS does not have.
    stacks = aws.client("cloudformation")
    stacks.delete_stack(StackName="resizer")
    stacks.get_waiter("stack_delete_complete").wait(StackName="resizer", WaiterConfig={"Delay": 0.2})
    aws.gateway.emulators.get()  # the first stack's emulator, which has stopped
    aws.gateway.events.clear()
    s3.create_bucket(Bucket=images)  # the emulated AWS ignores the DeletionPolicy
    outputs = deploy(aws, tmp_path, BucketName=images, MakeBucket="no", OutputBucket="own", OutputPrefix="")
    assert outputs["OutputBucket"] == "own"
    connect = shlex.split(outputs["NotificationCommand"])
    s3.put_bucket_notification_configuration(
        Bucket=images,
        NotificationConfiguration=json.loads(connect[connect.index("--notification-configuration") + 1]),
    )
    with function_as_deployed(aws, outputs["Function"], tools) as deployed:
        variables = deployed["Environment"]["Variables"]
        assert (variables["RESIZER_OUTPUT_BUCKET"], variables["RESIZER_OUTPUT_PREFIX"]) == ("own", "")
        for number, size in enumerate([(1200, 900), (900, 1200)], 1):
            s3.put_object(Bucket=images, Key="cat.jpg", Body=saved(photo_like(*size)))
            wait_for_uploads(aws, number)
            assert keys(s3, "own") == {f"{width}-cat.jpg" for width in WIDTHS}
            rendition = Image.open(s3.get_object(Bucket="own", Key="480-cat.jpg")["Body"])
            assert rendition.size == (480, 480 * size[1] // size[0])
        assert keys(s3, images) == {"cat.jpg"}
        s3.delete_object(Bucket=images, Key="cat.jpg")
        wait_for_uploads(aws, 3)
        assert keys(s3, "own") == set()
    assert len(uploads(aws)) == 3, "renditions must not invoke"


def keys(s3: Any, bucket: str) -> set[str]:
    return {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())}


def uploads(aws: EmulatedAws) -> list[Any]:
    """The events that the function has handled, without S3's test events."""
    return [event for event in aws.gateway.events if "s3:TestEvent" not in json.dumps(event)]


def wait_for_uploads(aws: EmulatedAws, count: int) -> None:
    """Wait until the function has handled this many events."""
    with aws.gateway.handled:
        assert aws.gateway.handled.wait_for(lambda: len(uploads(aws)) >= count, timeout=60)
