"""The built artifact under the Lambda runtime, in a control group that has a memory size's memory and processor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from bench.pictures import Picture, event
from bench.rows import Ending, Kind, Row
from bench.sizes import share
from devtools.cgroup import ControlGroup, Limits, control_group
from devtools.lambda_runtime.emulator import Emulator, emulator
from devtools.lambda_runtime.model import Function, Result, Tools
from devtools.lambda_runtime.template import allocator_settings
from devtools.lambda_runtime.tools import PROJECT
from resizer.errors import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MB: Final = 1_048_576
BUCKET: Final = "photos"
TEST_EVENT: Final = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}
TEMPLATE: Final = PROJECT / "template.yaml"
PROBE_MB: Final = 1024
_number = count()


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is measured: the built function and its layer, with what, and against which S3."""

    code: Path
    layers: tuple[Path, ...]
    tools: Tools
    endpoint: str
    timeout_seconds: int = 60

    def function(self, memory_mb: int) -> Function:
        """The function at a memory size."""
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
    """What the function holds before its first picture, in bytes: its imports and its client."""
    function = artifact.function(PROBE_MB)
    with control_group(Limits(PROBE_MB * MB)) as group, emulator(function, artifact.tools, group) as running:
        running.invoke(TEST_EVENT)
        return group.usage().peak_bytes


def measure(
    artifact: Artifact, pictures: Sequence[Picture], sizes: Sequence[int], warm: int, step: Callable[[str], None]
) -> Iterator[Row]:
    """A cold start and `warm` further invocations of each picture at each size; `step` is told of each row."""
    base = base_memory(artifact)
    for size in sizes:
        for picture in pictures:
            step(f"{size} MB, {picture.name}")
            yield _row(artifact, picture, size, warm, picture.planned_bytes(base))


def _row(artifact: Artifact, picture: Picture, size: int, warm: int, planned: int) -> Row:
    limits = Limits(size * MB, share(size))
    with control_group(limits) as group, emulator(artifact.function(size), artifact.tools, group) as running:
        results, cpu_ms = [], []
        for _ in range(1 + warm):
            result, cpu = _invoke(running, group, picture)
            results.append(result)
            cpu_ms.append(cpu)
            if _ending(result, group)[0] is not Ending.RESIZED:
                break
        ending, detail = _ending(results[-1], group)
        cold, *later = results
        return Row(
            picture=picture.name,
            memory_mb=size,
            kind=Kind.MEASURED,
            ending=ending,
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
    """One invocation under a key of its own, and the CPU time in ms of all that it did."""
    before = group.usage().cpu_seconds
    result = running.invoke(event(BUCKET, f"{next(_number)}/{picture.name}", picture.path))
    return result, (group.usage().cpu_seconds - before) * 1000


def _ending(result: Result, group: ControlGroup) -> tuple[Ending, str]:
    if group.usage().oom_kills:
        return Ending.KILLED, "killed for lack of memory"
    if result.failed:
        timed_out = result.error_type == "Sandbox.Timedout"
        return Ending.TIMED_OUT if timed_out else Ending.FAILED, f"{result.error_type}: {result.error_message}"
    return ending_of(result.answer)


def ending_of(answer: dict[str, Any]) -> tuple[Ending, str]:
    """How the function's own answer says that its one picture ended."""
    outcome = answer["results"][0]
    if outcome["outcome"] == "resized":
        return Ending.RESIZED, ""
    if outcome["reason"] in {Reason.NEEDS_MEMORY, Reason.HANDED_OVER}:
        return Ending.REFUSED, "refused by the memory plan"
    return Ending.FAILED, f"{outcome['outcome']} {outcome['reason']}"
