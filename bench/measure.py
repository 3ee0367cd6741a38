"""Measures the built function in Lambda's runtime emulator, with the memory and processor share of each size."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from bench.pictures import Picture
from bench.plan import OnProgress, Plan
from bench.rows import Kind, Outcome, Row
from bench.s3_event import etag_of, object_created
from bench.sizes import MB, processor_share
from devtools.cgroup import ControlGroup, Limits, control_group
from devtools.lambda_runtime.emulator import Emulator, emulator
from devtools.lambda_runtime.model import Function, Result, Tools
from devtools.lambda_runtime.template import allocator_settings
from devtools.lambda_runtime.tools import PROJECT
from resizer.errors import Reason

BUCKET: Final = "photos"
TEST_EVENT: Final = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}
TEMPLATE: Final = PROJECT / "template.yaml"
PROBE_MB: Final = 1024
_number = count()


@dataclass(frozen=True, slots=True)
class Artifact:
    """The built function and its layers, the tools that run it, and the endpoint of its S3."""

    code: Path
    layers: tuple[Path, ...]
    tools: Tools
    endpoint: str
    timeout_seconds: int = 60

    def function(self, memory_mb: int) -> Function:
        """The function with this memory size."""
        environment = allocator_settings(TEMPLATE) | {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
        }
        return Function(
            self.code,
            self.layers,
            memory_mb=memory_mb,
            timeout_seconds=self.timeout_seconds,
            environment=environment,
        )


def base_memory(artifact: Artifact) -> int:
    """Bytes that the function uses before its first picture, for its imports and its S3 client."""
    function = artifact.function(PROBE_MB)
    with control_group(Limits(PROBE_MB * MB)) as group, emulator(function, artifact.tools, group) as running:
        running.invoke(TEST_EVENT)
        return group.usage().peak_bytes


def measure(artifact: Artifact, plan: Plan, on_progress: OnProgress) -> Iterator[Row]:
    """Measure each picture at each size."""
    base = base_memory(artifact)
    for size in plan.sizes:
        for picture in plan.pictures:
            on_progress(f"{size} MB, {picture.name}")
            yield _row(artifact, picture, size, plan.warm, picture.planned_bytes(base))


def _row(artifact: Artifact, picture: Picture, size: int, warm: int, planned: int) -> Row:
    limits = Limits(size * MB, processor_share(size))
    with control_group(limits) as group, emulator(artifact.function(size), artifact.tools, group) as running:
        results, cpu_ms = [], []
        for _ in range(1 + warm):
            result, cpu = _invoke(running, group, picture)
            results.append(result)
            cpu_ms.append(cpu)
            if _outcome(result, group)[0] is not Outcome.RESIZED:
                break
        outcome, detail = _outcome(results[-1], group)
        cold, *later = results
        return Row(
            picture=picture.name,
            memory_mb=size,
            kind=Kind.MEASURED,
            outcome=outcome,
            init_ms=cold.figures.init_ms,
            cold_ms=cold.figures.duration_ms,
            warm_ms=[each.figures.duration_ms for each in later if each.figures.duration_ms],
            billed_ms=[each.figures.billed_ms for each in results if each.figures.billed_ms],
            cpu_ms=min(cpu_ms[1:] or cpu_ms),
            peak_bytes=group.usage().peak_bytes,
            planned_bytes=planned,
            source_bytes=picture.path.stat().st_size,
            detail=detail,
        )


def _invoke(running: Emulator, group: ControlGroup, picture: Picture) -> tuple[Result, float]:
    """Invoke once, with a new key; returns the result and the CPU time in ms of the whole control group."""
    body, key = picture.path.read_bytes(), f"{next(_number)}/{picture.name}"
    event = object_created(BUCKET, key, size=len(body), etag=etag_of(body))
    before = group.usage().cpu_seconds
    result = running.invoke(event)
    return result, (group.usage().cpu_seconds - before) * 1000


def _outcome(result: Result, group: ControlGroup) -> tuple[Outcome, str]:
    if group.usage().oom_kills:
        return Outcome.OUT_OF_MEMORY, "killed: out of memory"
    if result.failed:
        timed_out = result.error_type == "Sandbox.Timedout"
        return Outcome.TIMED_OUT if timed_out else Outcome.FAILED, f"{result.error_type}: {result.error_message}"
    return outcome_of(result.answer)


def outcome_of(answer: dict[str, Any]) -> tuple[Outcome, str]:
    """The outcome of the one picture in the function's answer, and its detail."""
    result = answer["results"][0]
    if result["outcome"] == "resized":
        return Outcome.RESIZED, ""
    if result["reason"] in {Reason.NEEDS_MEMORY, Reason.HANDED_OVER}:
        return Outcome.NEEDS_MEMORY, "does not fit by the memory plan"
    return Outcome.FAILED, f"{result['outcome']} {result['reason']}"
