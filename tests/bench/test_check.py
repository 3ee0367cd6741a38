"""`bench.check` finds a regression and says what it costs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.check import Figures, better_of, code_at, current_revision, dollars_per_million, measure_samples, regressions
from bench.pictures import pictures
from bench.stub_s3 import Network, stub_s3
from resizer.cli.prices import prices
from resizer.errors import UsageError
from tests.conftest import PROJECT


def figures(cpu_ms: float, peak_bytes: int) -> dict[str, Figures]:
    """A picture's figures; the accepted code takes 40 ms and 80 MB."""
    return {"cat.jpg": Figures(cpu_ms, peak_bytes, accepted_cpu_ms=40.0, accepted_peak_bytes=80_000_000)}


def test_a_slower_picture_fails_with_its_price_per_million() -> None:
    """10 ms more CPU are 17,275 GB-s per million images, or $0.29."""
    (sentence,) = regressions(figures(50.0, 80_000_000), prices())
    assert "1.25 times the accepted CPU time (50.0 ms instead of 40.0" in sentence
    assert "$0.29 more per million images" in sentence


@pytest.mark.parametrize(("cpu_ms", "count"), [(45.9, 0), (46.1, 1)])
def test_fifteen_percent_is_the_limit(cpu_ms: float, count: int) -> None:
    """Up to 15 % more CPU is noise; above that it is a regression."""
    assert len(regressions(figures(cpu_ms, 80_000_000), prices())) == count


def test_more_memory_fails() -> None:
    """Memory is compared in the same way as CPU time."""
    (sentence,) = regressions(figures(40.0, 120_000_000), prices())
    assert "1.50 times the accepted memory: 120 MB instead of 80" in sentence


def test_the_better_of_two_runs_counts() -> None:
    """Of two runs the smaller figures count, because noise only adds."""
    assert better_of(figures(50.0, 80_000_000), figures(41.0, 80_000_000)) == figures(41.0, 80_000_000)


def test_a_million_cpu_seconds_have_one_price() -> None:
    """At every size a million CPU seconds cost $28.79: half the CPU takes twice as long at half the price."""
    assert dollars_per_million(1000, prices()) == pytest.approx(28.79, abs=0.01)


def checkout(place: Path, *files: str) -> None:
    """A git repository of the project's own files, with one commit."""
    for name in files:
        shutil.copytree(PROJECT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], check=True, cwd=place)  # noqa: S607 # the developer's own git


@pytest.mark.slow
def test_the_accepted_code_is_measured_beside_todays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The accepted revision's own code is measured: burning CPU in it makes it slower than today's."""
    checkout(tmp_path, "resizer", "bench")
    monkeypatch.chdir(tmp_path)
    accepted = code_at("HEAD", tmp_path / "accepted")
    serve = accepted / "bench" / "peers" / "ours.py"
    busy = "    import time; end = time.process_time() + 0.3\n    while time.process_time() < end: pass\n"
    serve.write_text(serve.read_text().replace('renditions."""\n', f'renditions."""\n{busy}', 1))
    samples = [each.path for each in pictures(None, None, tmp_path / "samples")][:1]
    with stub_s3(samples[0].parent, Network(0, 0)) as endpoint:
        figures_of = measure_samples(samples, endpoint, accepted, 1, lambda _: None)[samples[0].name]
    assert figures_of.accepted_cpu_ms > 300 > figures_of.cpu_ms


def test_an_unusable_repository_is_one_readable_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that is not in the clone, or uncommitted changes, are one line that says what to do."""
    checkout(tmp_path, "resizer")
    (tmp_path / "bench").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"0123456 is not in this clone\. Run `git fetch --unshallow`"):
        code_at("0123456", tmp_path / "build")
    (tmp_path / "bench" / "new.py").write_text("")
    with pytest.raises(UsageError, match="Commit these changes first"):
        current_revision()
