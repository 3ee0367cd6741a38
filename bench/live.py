"""The same on AWS: each memory size on a version of its own, its REPORT lines read, and everything put back.

The bucket is one that the function may read and write and that does not trigger it, or each picture would be resized
twice at once.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bench.measure import ending_of
from bench.pictures import Picture, event
from bench.rows import Ending, Kind, Row
from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MB: Final = 1_048_576
FIELDS: Final = {
    "duration": r"(?<!Billed )(?<!Init )Duration: ([\d.]+) ms",
    "billed": r"Billed Duration: (\d+) ms",
    "memory": r"Max Memory Used: (\d+) MB",
    "init": r"Init Duration: ([\d.]+) ms",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A REPORT line: milliseconds and megabytes; `init_ms` where it was a cold start."""

    duration_ms: float
    billed_ms: int
    max_memory_mb: int
    init_ms: float | None


@dataclass(frozen=True, slots=True)
class Account:
    """The function under test, the bucket to use, and the clients of both."""

    function: str
    bucket: str
    functions: Any
    s3: Any


def read_report(log: str) -> Report:
    """The REPORT line in the end of a log. Raises `UsageError` where there is none."""
    line = next((line for line in log.splitlines() if line.startswith("REPORT ")), "")
    found = {name: re.search(pattern, line) for name, pattern in FIELDS.items()}
    duration, billed, memory, init = (found[name] for name in FIELDS)
    if not duration or not billed or not memory:
        raise UsageError(f"The function's log ends without a REPORT line: {log[-200:]!r}.")
    return Report(float(duration[1]), int(billed[1]), int(memory[1]), float(init[1]) if init else None)


def measure_live(
    account: Account, pictures: Sequence[Picture], sizes: Sequence[int], warm: int, step: Callable[[str], None]
) -> Iterator[Row]:
    """A row for each size and picture. The function's memory, versions and objects are as before afterwards.

    So they are when it is interrupted. Raises `UsageError` where AWS refuses, naming what it refused.
    """
    prefix = f"bench-{uuid.uuid4().hex[:12]}"
    versions: list[str] = []
    try:
        before = account.functions.get_function_configuration(FunctionName=account.function)["MemorySize"]
        try:
            for size in sizes:
                step(f"{size} MB, new version")
                version = _version(account, size, versions)
                for picture in pictures:
                    step(f"{size} MB, {picture.name}")
                    yield _row(account, picture, f"{prefix}/{size}", version, size, warm)
        finally:
            step("putting everything back")
            _clean_up(account, before, versions, prefix)
    except (ClientError, BotoCoreError) as problem:
        raise UsageError(f"AWS refused while measuring {account.function}: {problem}") from problem


def _version(account: Account, size: int, versions: list[str]) -> str:
    functions = account.functions
    functions.update_function_configuration(FunctionName=account.function, MemorySize=size)
    functions.get_waiter("function_updated_v2").wait(FunctionName=account.function)
    # A version's description makes it differ, so that the same memory size as before gets a version too.
    published = functions.publish_version(FunctionName=account.function, Description=f"bench {size} MB")
    version: str = published["Version"]
    versions.append(version)
    functions.get_waiter("published_version_active").wait(FunctionName=account.function, Qualifier=version)
    return version


def _row(  # noqa: PLR0913, PLR0917 # one picture on one version
    account: Account, picture: Picture, prefix: str, version: str, size: int, warm: int
) -> Row:
    reports: list[Report] = []
    ending, detail = Ending.FAILED, ""
    for number in range(1 + warm):
        key = f"{prefix}/{number}/{picture.name}"
        account.s3.put_object(Bucket=account.bucket, Key=key, Body=picture.path.read_bytes())
        answer = account.functions.invoke(
            FunctionName=account.function,
            Qualifier=version,
            LogType="Tail",
            Payload=json.dumps(event(account.bucket, key, picture.path)).encode(),
        )
        reports.append(read_report(base64.b64decode(answer["LogResult"]).decode()))
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


def _ending(answer: dict[str, Any]) -> tuple[Ending, str]:
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" not in answer:
        return ending_of(payload)
    message = str(payload.get("errorMessage", payload))
    if "timed out" in message:
        return Ending.TIMED_OUT, message
    killed = "signal: killed" in message or payload.get("errorType") == "Runtime.OutOfMemory"
    return (Ending.KILLED if killed else Ending.FAILED), message


def _clean_up(account: Account, memory_mb: int, versions: Sequence[str], prefix: str) -> None:
    """Every step is tried, whatever became of the one before; the first problem is raised in the end."""
    functions, problems = account.functions, []
    steps: list[Callable[[], Any]] = [
        lambda: functions.get_waiter("function_updated_v2").wait(FunctionName=account.function),
        lambda: functions.update_function_configuration(FunctionName=account.function, MemorySize=memory_mb),
        *(
            lambda v=version: functions.delete_function(FunctionName=account.function, Qualifier=v)
            for version in versions
        ),
        lambda: _delete_objects(account, prefix),
    ]
    for one in steps:
        try:
            one()
        except (ClientError, BotoCoreError) as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


def _delete_objects(account: Account, prefix: str) -> None:
    """The originals, and their renditions wherever the function's own prefix put them."""
    for page in account.s3.get_paginator("list_objects_v2").paginate(Bucket=account.bucket):
        for entry in page.get("Contents", ()):
            if prefix in entry["Key"]:
                account.s3.delete_object(Bucket=account.bucket, Key=entry["Key"])
