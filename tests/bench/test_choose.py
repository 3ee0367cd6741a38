"""`bench.choose` picks a memory size from the measured rows."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bench.choose import TIE_RULE, Conditions, Strategy, best, candidates, choose, pairs
from bench.rows import Kind, Outcome, Row
from bench.sizes import MB
from bench.table import candidate_cells, marks, print_candidates, summary
from resizer.cli.prices import Architecture, prices

CONDITIONS = Conditions({"cat.jpg": 1.0}, prices(), cold_share=0.0)


def row(memory_mb: int, ms: float, picture: str = "cat.jpg") -> Row:
    """A picture that was resized."""
    return Row(
        picture,
        memory_mb,
        Kind.MEASURED,
        Outcome.RESIZED,
        init_ms=100,
        cold_ms=ms,
        warm_ms=[ms],
        planned_bytes=100 * MB,
    )


def refused(memory_mb: int, picture: str) -> Row:
    """A picture that the function refused after 20 ms for lack of memory."""
    return replace(row(memory_mb, 20, picture), outcome=Outcome.NEEDS_MEMORY)


# Twice the memory halves the time up to 512 MB, and hardly helps above.
ROWS = [row(128, 1600), row(256, 700), row(512, 380), row(1024, 300)]


def test_each_strategy_finds_its_own_best() -> None:
    """Cheapest is the fewest GB-seconds, fastest the fewest milliseconds, balanced the best product of both."""
    rated = candidates(ROWS, CONDITIONS)
    chosen = {strategy: best(rated, strategy) for strategy in Strategy}
    sizes = {strategy: each.memory_mb for strategy, each in chosen.items() if each}
    assert sizes == {Strategy.CHEAPEST: 256, Strategy.FASTEST: 1024, Strategy.BALANCED: 512}


def test_a_candidate_costs_what_the_calculator_says() -> None:
    """A million images of 700 ms at 256 MB: 175,000 GB-s, a million invocations, five million requests to S3."""
    candidate = candidates(ROWS, CONDITIONS)[1]
    assert candidate.dollars == pytest.approx(175_000 * 0.0000166667 + 0.20 + 15.80)


def test_a_tie_goes_to_the_faster_size() -> None:
    """Within the noise of measurements, sizes that cost the same are a tie."""
    for ms, memory_mb in ((500, 256), (520, 256), (540, 128)):
        chosen = best(candidates([row(128, 1000), row(256, ms)], CONDITIONS), Strategy.CHEAPEST)
        assert chosen
        assert chosen.memory_mb == memory_mb


def test_the_table_marks_the_cheapest_and_the_chosen_size() -> None:
    """`cheapest` is the row with the fewest dollars; `chosen` may be another, and the line below says why."""
    choice = choose([row(128, 1000), row(256, 510), row(512, 400)], CONDITIONS, Strategy.CHEAPEST)
    assert [marks(each, choice) for each in choice.candidates] == ["cheapest", "balanced, chosen", "fastest"]
    console = Console(width=200, record=True, file=io.StringIO())
    print_candidates(console, choice)
    text = console.export_text()
    assert TIE_RULE in text
    assert "Within 5% of the cheapest, the fastest size: 256 MB, " in text


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (Strategy.CHEAPEST, "Within 5% of the cheapest, the fastest size: 256 MB, $3.12 for Lambda, 700 ms"),
        (Strategy.FASTEST, "Within 5% of the fastest, the cheapest size: 1024 MB, $5.20 for Lambda, 300 ms"),
        (Strategy.BALANCED, "Within 5% of the best balance, the fastest size: 512 MB, $3.37 for Lambda, 380 ms"),
    ],
)
def test_the_summary_names_the_chosen_size_and_why(strategy: Strategy, words: str) -> None:
    """The first sentence is about the size that the table marks as chosen, whatever the strategy."""
    assert summary(choose(ROWS, CONDITIONS, strategy))[0] == f"{words} on average."


def test_prices_are_per_million_images_whatever_the_month_has() -> None:
    """The tables, which the HTML report shares, print the same price per million for 100,000 images."""
    million, fewer = (choose(ROWS, replace(CONDITIONS, images=images), Strategy.CHEAPEST) for images in (1e6, 1e5))
    assert [candidate_cells(each, fewer) for each in fewer.candidates] == [
        candidate_cells(each, million) for each in million.candidates
    ]
    assert candidate_cells(million.candidates[1], million)[1:3] == ("3.12", "18.92")


def test_cold_starts_count_by_their_share() -> None:
    """If every image is a cold start, every image pays for the init phase."""
    warm, cold = (
        candidates([row(1024, 300)], replace(CONDITIONS, cold_share=share))[0].lambda_dollars for share in (0.0, 1.0)
    )
    assert cold - warm == pytest.approx(1e6 * 0.1 * 0.0000166667)


@pytest.mark.parametrize(
    "bad",
    [
        replace(row(256, 700), outcome=Outcome.OUT_OF_MEMORY, warm_ms=[]),
        replace(row(256, 700), planned_bytes=300 * MB),
        replace(row(256, 700), cold_ms=40_000),
    ],
    ids=["killed", "without headroom in memory", "without headroom in time"],
)
def test_a_size_without_headroom_is_not_chosen(bad: Row) -> None:
    """A cheaper size is not chosen if a picture is killed or comes near its memory or time limit."""
    rows = [row(128, 1600), bad, row(512, 360)]
    rated = candidates(rows, CONDITIONS)
    assert rated[1].problem
    chosen = best(rated, Strategy.CHEAPEST)
    assert chosen
    assert chosen.memory_mb == 512


def test_without_a_suitable_size_nothing_is_chosen() -> None:
    """If no size can process all pictures, there is no best size."""
    assert best(candidates([refused(128, "cat.jpg")], CONDITIONS), Strategy.CHEAPEST) is None


def test_the_mean_is_weighted_by_the_mix() -> None:
    """Three pictures of 100 ms to one of 500 ms have a mean of 200 ms."""
    rows = [row(256, 100, "small.jpg"), row(256, 500, "large.jpg")]
    mixed = replace(CONDITIONS, mix={"small.jpg": 3.0, "large.jpg": 1.0})
    assert candidates(rows, mixed)[0].mean_ms == pytest.approx(200)


def test_a_pair_pays_for_the_refusal_and_the_work() -> None:
    """An image that the small function refuses costs two invocations: the refusal, and the work in the large one."""
    rows = [row(128, 400), refused(128, "sea.jpg"), row(1024, 300), row(1024, 600, "sea.jpg")]
    mixed = replace(CONDITIONS, mix={"cat.jpg": 9.0, "sea.jpg": 1.0})
    (pair,) = pairs(rows, mixed)
    gb_seconds = 0.9e6 * 0.4 / 8 + 0.1e6 * 0.02 / 8 + 0.1e6 * 0.6
    assert (pair.memory_mb, pair.large_mb, pair.problem) == (128, 1024, None)
    assert pair.lambda_dollars == pytest.approx(gb_seconds * 0.0000166667 + 1.1 * 0.20)


def test_the_cheapest_pair_beats_one_size_for_all() -> None:
    """If few pictures need the large size, two functions cost less than one."""
    rows = [row(128, 400), refused(128, "sea.jpg"), row(1024, 300), row(1024, 600, "sea.jpg")]
    mixed = replace(CONDITIONS, mix={"cat.jpg": 9.0, "sea.jpg": 1.0})
    one, two = best(candidates(rows, mixed), Strategy.CHEAPEST), best(pairs(rows, mixed), Strategy.CHEAPEST)
    assert one
    assert two
    assert two.lambda_dollars < one.lambda_dollars


def test_free_tier_and_architecture_change_the_price() -> None:
    """In the free tier Lambda costs nothing, and on arm64 the duration costs a fifth less."""
    small = candidates(ROWS, replace(CONDITIONS, images=1e5, free_tier=True))[1]
    assert small.lambda_dollars == pytest.approx(0)
    x86, arm = (candidates(ROWS, replace(CONDITIONS, architecture=each))[1].lambda_dollars for each in Architecture)
    assert (arm - 0.20) / (x86 - 0.20) == pytest.approx(0.8, abs=0.001)
