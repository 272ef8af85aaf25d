"""What commands show."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sparring.cli.show import BarReporter, LineReporter, number, reporter, score_table
from sparring.config import Config
from sparring.evaluate.suite import Score
from sparring.plan import plan
from tests.conftest import rows_of, settings_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (25.0, "25"),
        (0.12345, "0.123"),
        (1234.5, "1,234.5"),
        (-0.5, "-0.500"),
        (0.00049, "0.000490"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_scores_stand_beside_their_floor_and_brackets_survive() -> None:
    seen = Score("frechet", "Distance [pca]", "lower", "how far", 10, 0.25, 0.125, None, 0.2, 1.0)
    not_seen = Score("c2st", "Test", 0.5, "how well", 10, None, None, "needs [50] rows")
    out = Console(file=io.StringIO(), width=160)
    out.print(score_table([seen, not_seen]))
    text = out.file.getvalue()  # type: ignore[attr-defined]
    for part in (
        "Distance [pca]", "0.250", "0.200 to 1", "0.125", "10", "how far",
        "skipped: needs [50] rows",
    ):  # fmt: skip
        assert part in text


def test_a_terminal_gets_a_bar_and_a_file_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    assert isinstance(reporter(Console(file=io.StringIO())), LineReporter)
    planned = plan(rows_of("points"), Config(**settings_of("points")))
    trainer = planned.build()
    for shown in (reporter(screen), LineReporter()):
        shown.begin(planned, trainer)
        trainer.step = trainer.total_steps
        shown.progress(trainer, {"critic_loss": 1.25, "generator_loss": 0.5})
        shown.end()
    assert isinstance(reporter(screen), BarReporter)
    for text in (screen.file.getvalue(), capsys.readouterr().out):  # type: ignore[attr-defined]
        assert "D 1.250" in text
        assert "G 0.500" in text
