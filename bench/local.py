"""What `make bench` measures on this machine: under the runtime in control groups, or else as an estimate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench import estimate
from bench.machine import machine
from bench.measure import Artifact, measure
from bench.stub_s3 import Network, stub_s3
from devtools.cgroup import Limits, control_group
from devtools.lambda_runtime.tools import installed_tools
from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.pictures import Picture
    from bench.rows import Row


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: pictures at sizes in MB, `warm` times each, against an S3 with this network."""

    pictures: list[Picture]
    sizes: tuple[int, ...]
    warm: int
    network: Network
    code: Path
    layer: Path

    def about(self) -> dict[str, Any]:
        """The conditions, for the rows' first line."""
        shares = {picture.name: picture.share for picture in self.pictures}
        return {"machine": asdict(machine()), "network": asdict(self.network), "warm": self.warm, "mix": shares}


def why_estimate(plan: Plan) -> str | None:
    """What keeps this machine from measuring; None where nothing does."""
    try:
        installed_tools()
        with control_group(Limits(memory_bytes=2**28, processors=1.0)):
            pass
    except UsageError as problem:
        return str(problem)
    if not plan.code.is_dir() or not plan.layer.is_dir():
        return f"{plan.code} or {plan.layer} is missing: build the function and its layer first."
    return None


def run(plan: Plan, step: Callable[[str], None], *, estimated: bool) -> Iterator[Row]:
    """The rows; `step` is told what is being done."""
    with stub_s3(plan.pictures[0].path.parent, plan.network) as endpoint:
        if estimated:
            yield from estimate.estimate(endpoint, plan.pictures, plan.sizes, plan.warm, step)
        else:
            artifact = Artifact(plan.code, (plan.layer,), installed_tools(), endpoint)
            yield from measure(artifact, plan.pictures, plan.sizes, plan.warm, step)
