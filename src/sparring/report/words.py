"""How numbers are told: in tables of a terminal and of a page alike."""

from __future__ import annotations

from sparring.evaluate.score import Better, Score


def number(value: float) -> str:
    """Three significant digits or decimals, whichever says more."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < 0.1:
        return f"{value:#.3g}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def interval(score: Score) -> str:
    """Where the value may lie; a dash where too few rows were compared to tell."""
    if score.low is None or score.high is None:
        return "-"
    return f"{number(score.low)} to {number(score.high)}"


def ideal(better: Better) -> str:
    """The direction of better values, or the best one."""
    return better if isinstance(better, str) else f"{better:g}"
