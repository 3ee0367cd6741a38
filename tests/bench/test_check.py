"""Regressions are found and priced: `bench.check`."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bench.check import Figures, better_of, code_at, current_revision, dollars_per_million, measure_samples, regressions
from bench.pictures import pictures
from bench.stub_s3 import Network, stub_s3
from resizer.cli.prices import prices
from resizer.errors import UsageError
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def figures(cpu_ms: float, peak_bytes: int) -> dict[str, Figures]:
    """A picture that takes 40 ms and 80 MB with the accepted code."""
    return {"cat.jpg": Figures(cpu_ms, peak_bytes, accepted_cpu_ms=40.0, accepted_peak_bytes=80_000_000)}


def test_a_slower_picture_fails_with_its_price_per_million() -> None:
    """10 ms more CPU time are 17,275 GB-seconds a million, or 0.29 dollars."""
    (sentence,) = regressions(figures(50.0, 80_000_000), prices())
    assert "1.25 times the accepted CPU time (50.0 ms instead of 40.0" in sentence
    assert "$0.29 more per million images" in sentence


@pytest.mark.parametrize(("cpu_ms", "count"), [(45.9, 0), (46.1, 1)])
def test_fifteen_percent_is_the_limit(cpu_ms: float, count: int) -> None:
    """Less is noise, more is a regression."""
    assert len(regressions(figures(cpu_ms, 80_000_000), prices())) == count


def test_a_larger_picture_fails() -> None:
    """Memory is compared like CPU time."""
    (sentence,) = regressions(figures(40.0, 120_000_000), prices())
    assert "1.50 times the accepted memory: 120 MB instead of 80" in sentence


def test_the_better_of_two_measurements_counts() -> None:
    """Noise rarely comes twice."""
    assert better_of(figures(50.0, 80_000_000), figures(41.0, 80_000_000)) == figures(41.0, 80_000_000)


def test_a_second_of_cpu_costs_the_same_at_every_size() -> None:
    """Half the share takes twice the time at half the price: 28.79 dollars for a million CPU seconds."""
    assert dollars_per_million(1000, prices()) == pytest.approx(28.79, abs=0.01)


def checkout(folder: Path, *files: str) -> None:
    """Create a git repository with one commit of these project folders."""
    for name in files:
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], check=True, cwd=folder)  # noqa: S607 # git from PATH


@pytest.mark.slow
def test_the_accepted_code_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other figures are those of the other revision: with a busy loop there, they are higher."""
    checkout(tmp_path, "resizer", "bench")
    monkeypatch.chdir(tmp_path)
    accepted = code_at("HEAD", tmp_path / "accepted")
    serve = accepted / "bench" / "peers" / "ours.py"
    busy = "    import time; end = time.process_time() + 0.3\n    while time.process_time() < end: pass\n"
    serve.write_text(serve.read_text().replace('renditions."""\n', f'renditions."""\n{busy}', 1))
    samples = [each.path for each in pictures(None, None, tmp_path / "samples")][:1]
    with stub_s3(samples[0].parent, Network(0, 0)) as endpoint:
        found = measure_samples(samples, endpoint, accepted, 1, lambda _: None)[samples[0].name]
    assert found.accepted_cpu_ms > 300 > found.cpu_ms


def test_errors_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that is not in the clone and changes that are not committed are readable errors."""
    checkout(tmp_path, "resizer")
    (tmp_path / "bench").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"0123456 is not in this clone\. Run `git fetch --unshallow`"):
        code_at("0123456", tmp_path / "build")
    (tmp_path / "bench" / "new.py").write_text("")
    with pytest.raises(UsageError, match="Commit these changes first"):
        current_revision()
