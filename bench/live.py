"""The same on AWS: each memory size on a version of its own, its reports read, and everything put back.

The pictures go below the function's own output prefix, which no trigger of the stack listens to and which its role may
write; where renditions have a bucket of their own, they go there. So the versions that are measured have an environment
of their own: they take originals from one folder there and put renditions into another.
"""

from __future__ import annotations

import base64
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bench.measure import ending_of
from bench.pictures import Picture, event
from bench.platform_report import Report, read_report
from bench.rows import Ending, Kind, Row
from resizer.errors import UsageError
from resizer.planning.outputs import outputs
from resizer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from bench.account import Account, Target

MB: Final = 1_048_576
# What is too large for a size shall be refused by it, and nobody be told.
TELLING: Final = frozenset({"RESIZER_LARGE_FUNCTION", "RESIZER_REJECTIONS_QUEUE_URL"})
LEFT_OUT: Final = TELLING | {"RESIZER_OUTPUT_BUCKET"}  # originals are in it, too
METRICS: Final = {"POWERTOOLS_SERVICE_NAME": "resizer-bench"}  # apart from what the alarms look at


@dataclass(frozen=True, slots=True)
class Place:
    """Where the measured versions find originals and put renditions."""

    bucket: str
    originals: str
    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """What the measured versions are told."""
        return Settings.from_env(self.environment)


def place(target: Target, run: str) -> Place:
    """A folder of its own for one run, where the function may write."""
    folder = f"{Settings.from_env(target.environment).output_prefix}bench-{run}/"
    kept = {name: value for name, value in target.environment.items() if name not in LEFT_OUT}
    places = {
        "RESIZER_BUCKETS": target.bucket,
        "RESIZER_SOURCE_PREFIX": f"{folder}originals/",
        "RESIZER_OUTPUT_PREFIX": f"{folder}renditions/",
    }
    return Place(target.bucket, places["RESIZER_SOURCE_PREFIX"], {**kept, **METRICS, **places})


def measure_live(  # noqa: PLR0913, PLR0917 # one parameter for each thing that is asked for
    account: Account,
    target: Target,
    pictures: Sequence[Picture],
    sizes: Sequence[int],
    warm: int,
    step: Callable[[str], None],
) -> Generator[Row, None, None]:
    """A row for each size and picture. The function's settings, versions and objects are as before afterwards.

    So they are when it is interrupted, after the invocation that is running. Raises `UsageError` where AWS refuses,
    naming what it refused.
    """
    here = place(target, uuid.uuid4().hex[:12])
    try:
        with ExitStack() as to_undo:
            to_undo.callback(step, "everything is put back")
            versions = _versions(account.functions, target, here, sizes, to_undo, step)
            for size, version in versions.items():
                for picture in pictures:
                    step(f"{size} MB, {picture.name}")
                    yield _row(account, target.name, here, picture, version, size, warm)
    except (ClientError, BotoCoreError) as problem:
        raise UsageError(f"AWS refused while measuring {target.name}: {problem}") from problem


def _versions(  # noqa: PLR0913, PLR0917 # as above
    functions: Any,
    target: Target,
    here: Place,
    sizes: Sequence[int],
    to_undo: ExitStack,
    step: Callable[[str], None],
) -> dict[int, str]:
    """A version for each size, all at once, so that the function itself is soon as it was."""
    made: dict[int, str] = {}
    with ExitStack() as settings_to_undo:
        settings_to_undo.callback(_configure, functions, target.name, target.memory_mb, target.environment)
        for size in sizes:
            step(f"{size} MB, new version")
            _configure(functions, target.name, size, here.environment)
            made[size] = functions.publish_version(FunctionName=target.name, Description=f"bench {size} MB")["Version"]
            to_undo.callback(functions.delete_function, FunctionName=target.name, Qualifier=made[size])
    for version in made.values():
        functions.get_waiter("published_version_active").wait(FunctionName=target.name, Qualifier=version)
    return made


def _configure(functions: Any, name: str, memory_mb: int, environment: Mapping[str, str]) -> None:
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    functions.update_function_configuration(
        FunctionName=name, MemorySize=memory_mb, Environment={"Variables": dict(environment)}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def _row(  # noqa: PLR0913, PLR0917 # one picture on one version
    account: Account, function: str, here: Place, picture: Picture, version: str, size: int, warm: int
) -> Row:
    reports: list[Report] = []
    ending, detail = Ending.FAILED, ""
    for number in range(1 + warm):
        answer = _resized_once(account, function, here, picture, f"{here.originals}{size}/{number}/", version)
        reports.append(read_report(base64.b64decode(answer["LogResult"]).decode(errors="replace")))
        ending, detail = _ending(answer)
        if ending is not Ending.RESIZED:
            break
    cold = [each for each in reports if each.init_ms is not None]
    later = [each for each in reports if each.init_ms is None]
    return Row(
        picture=picture.name,
        memory_mb=size,
        kind=Kind.LIVE,
        ending=ending,
        init_ms=cold[0].init_ms if cold else None,
        cold_ms=cold[0].duration_ms if cold else None,
        warm_ms=[each.duration_ms for each in later],
        billed_ms=[each.billed_ms for each in reports],
        peak_bytes=max(each.max_memory_mb for each in reports) * MB,
        source_bytes=picture.path.stat().st_size,
        detail=detail,
    )


def _resized_once(  # noqa: PLR0913, PLR0917 # as above
    account: Account, function: str, here: Place, picture: Picture, folder: str, version: str
) -> dict[str, Any]:
    """Lambda's answer, its payload read; original and renditions are gone, whatever came of it."""
    key = folder + picture.name
    objects = [key, *outputs(key, here.settings.for_bucket(here.bucket))]
    try:
        etag = account.s3.put_object(Bucket=here.bucket, Key=key, Body=picture.path.read_bytes())["ETag"].strip('"')
        request = {
            "FunctionName": function,
            "Qualifier": version,
            "LogType": "Tail",
            "Payload": json.dumps(event(here.bucket, key, picture.path, etag)).encode(),
        }
        with ThreadPoolExecutor(1) as thread:  # which is waited for when this is interrupted: Lambda does not stop
            answer: dict[str, Any] = thread.submit(account.invoking.invoke, **request).result()
        answer["Payload"] = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" not in answer:
            renditions = [each for result in answer["Payload"]["results"] for each in result.get("renditions", ())]
            objects = [key, *(rendition["key"] for rendition in renditions)]
        return answer
    finally:
        for each in objects:
            account.s3.delete_object(Bucket=here.bucket, Key=each)


def _ending(answer: dict[str, Any]) -> tuple[Ending, str]:
    payload = answer["Payload"]
    if "FunctionError" not in answer:
        return ending_of(payload)
    message = str(payload.get("errorMessage", payload))
    if "timed out" in message:
        return Ending.TIMED_OUT, message
    killed = "signal: killed" in message or payload.get("errorType") == "Runtime.OutOfMemory"
    return (Ending.KILLED if killed else Ending.FAILED), message
