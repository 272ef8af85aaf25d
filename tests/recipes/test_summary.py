"""Means, spreads and verdicts."""

from __future__ import annotations

import pytest

from sparring.recipes.base import Finding, NotYet, Results
from sparring.recipes.summary import finding, number, shown


@pytest.mark.parametrize(
    ("values", "digits", "text"),
    [
        ([], 2, ""),
        ([1.0], 2, "1.00"),
        ([1.0, 2.0, 3.0], 2, "2.00 ± 1.00"),
        ([-0.5, -0.5], 1, "\N{MINUS SIGN}0.5 ± 0.0"),
        ([12345.0], 0, "12,345"),
    ],
)
def test_numbers_are_shown_with_their_spread(values: list[float], digits: int, text: str) -> None:
    assert shown(values, digits) == text


def test_what_is_not_finite_says_so() -> None:
    assert number(float("nan"), 2) == "not finite"


def test_a_finding_counts_the_seeds_that_all_its_runs_have() -> None:
    values = {
        "a": {0: {"x": 1.0}, 1: {"x": 3.0}, 2: {"x": 5.0}},
        "b": {0: {"x": 2.0}, 1: {"x": 2.0}},
    }
    claim = Finding("a is larger", "p. 1", "x", ("a", "b"), lambda v: v["a"]["x"] > v["b"]["x"])
    found = finding(claim, Results(values, lambda key, seed: pytest.fail("not opened")))
    assert (found["held"], found["of"]) == (1, 2)


def test_a_run_that_is_not_made_cannot_be_shown() -> None:
    with pytest.raises(NotYet, match="b has not been run"):
        Results({}, lambda key, seed: pytest.fail("not opened")).trained("b")
