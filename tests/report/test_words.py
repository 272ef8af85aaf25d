"""How numbers are told."""

from __future__ import annotations

import pytest

from sparring.evaluate.suite import Score
from sparring.report.words import ideal, interval, number


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"), (1.0, "1"), (71404.0, "71,404"), (0.5, "0.500"), (0.05, "0.0500"),
        (-0.000931, "-0.000931"), (3.93e-05, "3.93e-05"), (12.3456, "12.346"),
        (12345.678, "12,345.7"),
    ],
)  # fmt: skip
def test_numbers(value: float, told: str) -> None:
    assert number(value) == told


def test_intervals_and_what_is_best() -> None:
    score = Score("c2st", "C2ST", 0.5, "", 9, 0.7, 0.5, None, 0.6, 0.8)
    assert interval(score) == "0.600 to 0.800"
    assert interval(Score("c2st", "C2ST", 0.5, "", 9, 0.7, 0.5, None)) == "-"
    assert (ideal("lower"), ideal(0.5), ideal(1.0)) == ("lower", "0.5", "1")
