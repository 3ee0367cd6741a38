"""Measures on this machine, in control groups; where there are none, it estimates."""

from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.estimate import estimate
from bench.machine import machine
from bench.measure import Artifact, measure
from bench.plan import OnProgress, Plan
from bench.rows import Row
from bench.stub_s3 import Network, stub_s3
from devtools.cgroup import Limits, control_group
from devtools.lambda_runtime.tools import installed_tools
from resizer.errors import UsageError


@dataclass(frozen=True, slots=True)
class LocalRun:
    """The plan, the network of the stub S3, and the built function and layer."""

    plan: Plan
    network: Network
    code: Path
    layer: Path

    def about(self) -> dict[str, Any]:
        """The conditions, for the first line of the rows' file."""
        return {
            "machine": asdict(machine()),
            "network": asdict(self.network),
            "warm": self.plan.warm,
            "mix": self.plan.mix,
        }

    def why_not_measurable(self) -> str | None:
        """Why this machine can only estimate; None if it can measure."""
        try:
            installed_tools()
            with control_group(Limits(memory_bytes=2**28, processors=1.0)):
                pass
        except UsageError as problem:
            return str(problem)
        if not self.code.is_dir() or not self.layer.is_dir():
            return f"{self.code} or {self.layer} is missing: build the function and its layer first."
        return None

    def rows(self, on_progress: OnProgress, *, estimated: bool) -> Generator[Row, None, None]:
        """Measure or estimate each row."""
        with stub_s3(self.plan.pictures[0].path.parent, self.network) as endpoint:
            if estimated:
                yield from estimate(endpoint, self.plan, on_progress)
            else:
                artifact = Artifact(self.code, (self.layer,), installed_tools(), endpoint)
                yield from measure(artifact, self.plan, on_progress)
