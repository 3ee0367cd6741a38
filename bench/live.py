"""Measures on AWS: publishes a version for each memory size, reads Lambda's reports, and restores everything.

Pictures are uploaded below the function's output prefix (in its output bucket, if it has one): the stack's trigger
excludes that prefix, and the function's role can write there. So the published versions have an environment of their
own, with one folder there as the source prefix and another as the output prefix.
"""

import base64
import json
import uuid
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bench.account import Account, Target
from bench.measure import outcome_of
from bench.pictures import Picture
from bench.plan import OnProgress, Plan
from bench.platform_report import Report, read_report
from bench.rows import Kind, Outcome, Row
from bench.s3_event import object_created
from bench.sizes import MB
from resizer.errors import UsageError
from resizer.planning.outputs import outputs
from resizer.settings import Settings

# Versions must reject what does not fit, and neither forward nor report it. Originals are in the output bucket, too.
REMOVED_VARIABLES: Final = frozenset(
    {"RESIZER_LARGE_FUNCTION", "RESIZER_REJECTIONS_QUEUE_URL", "RESIZER_OUTPUT_BUCKET"}
)
METRICS: Final = {"POWERTOOLS_SERVICE_NAME": "resizer-bench"}  # the alarms watch another service name


@dataclass(frozen=True, slots=True)
class Workspace:
    """The bucket and prefix for originals, and the environment of the published versions."""

    bucket: str
    originals: str
    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """The settings of the published versions."""
        return Settings.from_env(self.environment)


def workspace(target: Target, run: str) -> Workspace:
    """A folder for one run, below the function's output prefix."""
    folder = f"{Settings.from_env(target.environment).output_prefix}bench-{run}/"
    others = {name: value for name, value in target.environment.items() if name not in REMOVED_VARIABLES}
    prefixes = {
        "RESIZER_BUCKETS": target.bucket,
        "RESIZER_SOURCE_PREFIX": f"{folder}originals/",
        "RESIZER_OUTPUT_PREFIX": f"{folder}renditions/",
    }
    return Workspace(target.bucket, prefixes["RESIZER_SOURCE_PREFIX"], {**others, **METRICS, **prefixes})


def measure_live(account: Account, target: Target, plan: Plan, on_progress: OnProgress) -> Generator[Row, None, None]:
    """Measure each picture at each size, then restore the function's settings and delete versions and objects.

    An interruption restores everything, too, after the running invocation. Raises `UsageError` with AWS's message if
    AWS refuses a request.
    """
    run = _LiveRun(account, target, workspace(target, uuid.uuid4().hex[:12]), on_progress)
    try:
        with ExitStack() as cleanup:
            cleanup.callback(on_progress, "everything is restored")
            for size, version in run.publish(plan.sizes, cleanup).items():
                for picture in plan.pictures:
                    on_progress(f"{size} MB, {picture.name}")
                    yield run.row(picture, size, version, plan.warm)
    except (ClientError, BotoCoreError) as problem:
        raise UsageError(f"AWS refused a request while measuring {target.name}: {problem}") from problem


@dataclass(frozen=True, slots=True)
class _LiveRun:
    account: Account
    target: Target
    workspace: Workspace
    on_progress: OnProgress

    def publish(self, sizes: tuple[int, ...], cleanup: ExitStack) -> dict[int, str]:
        """Publish a version for each size, all in one go, so that $LATEST gets its settings back soon."""
        client, name = self.account.lambda_client, self.target.name
        versions: dict[int, str] = {}
        with ExitStack() as restore:
            restore.callback(self._configure, self.target.memory_mb, self.target.environment)
            for size in sizes:
                self.on_progress(f"{size} MB, new version")
                self._configure(size, self.workspace.environment)
                answer = client.publish_version(FunctionName=name, Description=f"bench {size} MB")
                versions[size] = answer["Version"]
                cleanup.callback(client.delete_function, FunctionName=name, Qualifier=versions[size])
        for version in versions.values():
            client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
        return versions

    def _configure(self, memory_mb: int, environment: Mapping[str, str]) -> None:
        client, name = self.account.lambda_client, self.target.name
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.update_function_configuration(
            FunctionName=name, MemorySize=memory_mb, Environment={"Variables": dict(environment)}
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=name)

    def row(self, picture: Picture, size: int, version: str, warm: int) -> Row:
        """Invoke a version with a picture: one cold start, then `warm` times unless it fails."""
        reports: list[Report] = []
        outcome, detail = Outcome.FAILED, ""
        for number in range(1 + warm):
            answer = self._invoke(picture, f"{self.workspace.originals}{size}/{number}/{picture.name}", version)
            reports.append(read_report(base64.b64decode(answer["LogResult"]).decode(errors="replace")))
            outcome, detail = _outcome(answer)
            if outcome is not Outcome.RESIZED:
                break
        cold = next((each for each in reports if each.init_ms is not None), None)
        return Row(
            picture=picture.name,
            memory_mb=size,
            kind=Kind.LIVE,
            outcome=outcome,
            init_ms=cold.init_ms if cold else None,
            cold_ms=cold.duration_ms if cold else None,
            warm_ms=[each.duration_ms for each in reports if each.init_ms is None],
            billed_ms=[each.billed_ms for each in reports],
            peak_bytes=max(each.max_memory_mb for each in reports) * MB,
            source_bytes=picture.path.stat().st_size,
            detail=detail,
        )

    def _invoke(self, picture: Picture, key: str, version: str) -> dict[str, Any]:
        """Upload a picture, invoke the version, and delete the picture and its renditions, even after an error.

        Returns Lambda's answer with the parsed payload.
        """
        s3, bucket, body = self.account.s3, self.workspace.bucket, picture.path.read_bytes()
        created = [key, *outputs(key, self.workspace.settings.for_bucket(bucket))]
        try:
            etag = s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
            request = {
                "FunctionName": self.target.name,
                "Qualifier": version,
                "LogType": "Tail",
                "Payload": json.dumps(object_created(bucket, key, size=len(body), etag=etag)).encode(),
            }
            with ThreadPoolExecutor(1) as thread:  # Ctrl-C waits for it, because Lambda finishes the invocation
                answer: dict[str, Any] = thread.submit(self.account.invoke_client.invoke, **request).result()
            answer["Payload"] = json.loads(answer["Payload"].read() or b"null")
            if "FunctionError" not in answer:
                renditions = [each for result in answer["Payload"]["results"] for each in result.get("renditions", ())]
                created = [key, *(rendition["key"] for rendition in renditions)]
            return answer
        finally:
            for each in created:
                s3.delete_object(Bucket=bucket, Key=each)


def _outcome(answer: dict[str, Any]) -> tuple[Outcome, str]:
    payload = answer["Payload"]
    if "FunctionError" not in answer:
        return outcome_of(payload)
    message = str(payload.get("errorMessage", payload))
    if "timed out" in message:
        return Outcome.TIMED_OUT, message
    killed = "signal: killed" in message or payload.get("errorType") == "Runtime.OutOfMemory"
    return (Outcome.OUT_OF_MEMORY if killed else Outcome.FAILED), message
