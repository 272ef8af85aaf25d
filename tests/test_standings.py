"""Who wins, whether it is clear, and what the first sentence says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import ttest_rel

from sparring.evaluate.suite import METRICS, Score
from sparring.standings import Comparison, Standing, Trial


def score(name: str, value: float | None, floor: float | None, why: str | None = None) -> Score:
    metric = METRICS[name]
    return Score(name, metric.title, metric.better, metric.meaning, 100, value, floor, why)


def comparison(
    values: dict[str, dict[str, list[float]]], floors: dict[str, float], **trials: Trial
) -> Comparison:
    """values[method][metric] is a list with a number for each seed."""
    seeds = range(len(next(iter(next(iter(values.values())).values()))))
    made = [
        trials.get(f"{method}_{seed}")
        or Trial(
            method, seed, 1.0,
            tuple(score(m, found[seed], floors[m]) for m, found in metrics.items()),
        )
        for seed in seeds
        for method, metrics in values.items()
    ]  # fmt: skip
    return Comparison(
        "rows", "points", 80, 20, tuple(values), frozenset({"bootstrap"}), tuple(made)
    )


def standing(name: str, floor: float, **values: list[float]) -> Standing:
    seeds = len(next(iter(values.values())))
    return Standing(name, name, {m: tuple(v) for m, v in values.items()}, (floor,) * seeds, None)


def test_a_lead_is_a_paired_test_over_the_seeds() -> None:
    a, b = np.array([1.0, 2.0, 1.5, 1.2]), np.array([1.4, 2.1, 2.0, 1.3])
    lead = standing("frechet", 0.0, a=[*a], b=[*b]).lead("b", "a")
    test = ttest_rel(b, a)
    assert (lead.ahead, lead.behind) == ("a", "b")
    np.testing.assert_allclose(lead.by, (b - a).mean())
    np.testing.assert_allclose(lead.standard_error, (b - a).mean() / test.statistic)
    assert test.pvalue > 0.05
    assert not lead.clear
    c = a + np.array([0.3, 0.31, 0.29, 0.3])
    assert standing("frechet", 0.0, a=[*a], c=[*c]).lead("a", "c").clear


@pytest.mark.parametrize(
    ("name", "floor", "better", "worse"),
    [
        ("frechet", 0.1, 0.2, 0.3),
        ("recall", 0.95, 0.9, 0.8),
        ("c2st", 0.5, 0.55, 0.7),
        ("c2st", 0.5, 0.45, 0.7),
        ("density", 1.0, 1.1, 0.8),
    ],
)
def test_the_one_closer_to_real_rows_is_ahead(
    name: str, floor: float, better: float, worse: float
) -> None:
    table = standing(name, floor, x=[worse, worse], y=[better, better])
    assert table.ranked(["x", "y", "z"]) == ["y", "x"]
    assert table.lead("x", "y").ahead == "y"
    assert table.lead("x", "y").clear, "a difference without any noise"


@pytest.mark.parametrize(
    ("name", "floor", "one", "other"),
    [("frechet", 0.2, 0.1, 0.2), ("recall", 0.9, 0.95, 1.0), ("density", 1.1, 0.95, 1.08)],
)
def test_beyond_real_rows_is_no_better(name: str, floor: float, one: float, other: float) -> None:
    lead = standing(name, floor, a=[one, one], b=[other, other]).lead("a", "b")
    assert (lead.by, lead.clear) == (0.0, False)


def test_one_seed_is_never_clear() -> None:
    lead = standing("frechet", 0.0, a=[1.0], b=[100.0]).lead("a", "b")
    assert (lead.by, lead.standard_error, lead.clear) == (99.0, None, False)


def test_who_copies_does_not_win() -> None:
    found = comparison(
        {"gan": {"frechet": [2.0, 2.1]}, "bootstrap": {"frechet": [0.0, 0.0]},
         "kde": {"frechet": [3.0, 3.1]}, "gmm": {"frechet": [4.0, 4.0]}},
        {"frechet": 0.0},
    )  # fmt: skip
    (row,) = found.standings
    lead = found.winner(row)
    assert lead is not None
    assert (lead.ahead, lead.behind) == ("gan", "kde")
    assert found.best(row) == ["gan"]
    assert found.verdict == (
        "No baseline beats the GAN on any of 1 metrics; the GAN beats them all on 1; on 0 the "
        "difference is within the noise."
    )


def test_the_verdict_names_who_beats_the_gan() -> None:
    found = comparison(
        {
            "gan": {"frechet": [2.0, 2.1], "recall": [0.5, 0.52], "c2st": [0.6, 0.9]},
            "kde": {"frechet": [1.0, 1.1], "recall": [0.4, 0.41], "c2st": [0.7, 0.7]},
            "gmm": {"frechet": [3.0, 3.1], "recall": [0.3, 0.31], "c2st": [0.9, 0.9]},
        },
        {"frechet": 0.0, "recall": 0.9, "c2st": 0.5},
    )
    assert found.verdict == (
        "A baseline beats the GAN on 1 of 3 metrics (kde on 1); the GAN beats every baseline on 1; "
        "on 1 the difference is within the noise."
    )


def test_a_verdict_of_one_seed_says_so() -> None:
    values = {"gan": {"frechet": [2.0]}, "kde": {"frechet": [1.0]}}
    assert comparison(values, {"frechet": 0.0}).verdict == (
        "Under this one seed a baseline is better than the GAN on 1 of 1 metrics (kde on 1); what "
        "is chance only more seeds can tell."
    )
    tie = {"gan": {"frechet": [2.0]}, "kde": {"frechet": [2.0]}}
    assert "better than the GAN on 0 of 1 metrics;" in comparison(tie, {"frechet": 0.0}).verdict


def test_a_gan_that_failed_is_the_first_thing_said() -> None:
    values = {"gan": {"frechet": [2.0, 2.0]}, "kde": {"frechet": [1.0, 1.0]}}
    failed = Trial("gan", 1, 3.0, (), "a loss became nan at step 7")
    found = comparison(values, {"frechet": 0.0}, gan_1=failed)
    assert found.verdict == "The GAN failed (seed 1: a loss became nan at step 7)."
    assert found.skipped == {"gan": "seed 1: a loss became nan at step 7"}
    assert list(found.standings[0].values) == ["kde"]
    assert found.winner(found.standings[0]) is None


def test_a_comparison_without_the_gan_or_without_baselines() -> None:
    alone = {"gan": {"frechet": [2.0]}, "bootstrap": {"frechet": [1.0]}}
    assert "no baseline" in comparison(alone, {"frechet": 0.0}).verdict
    without = {"kde": {"frechet": [2.0]}, "gmm": {"frechet": [1.0]}}
    assert "not among the methods" in comparison(without, {"frechet": 0.0}).verdict


def test_a_metric_that_nobody_has_keeps_its_reason() -> None:
    scores = (score("label_agreement", None, None, "there is no classifier"),)
    trials = tuple(Trial(m, 0, 1.0, scores) for m in ("gan", "kde"))
    found = Comparison("rows", "points", 80, 20, ("gan", "kde"), frozenset(), trials)
    (row,) = found.standings
    assert (row.values, row.floor, row.skipped) == ({}, (), "there is no classifier")
    assert found.best(row) == []
    assert "no baseline to compare" in found.verdict


def test_json_has_every_figure() -> None:
    values = {"gan": {"frechet": [2.0, 2.1]}, "kde": {"frechet": [1.0, 1.1]}}
    found = json.loads(json.dumps(comparison(values, {"frechet": 0.5}).to_dict(), allow_nan=False))
    assert found["seeds"] == [0, 1]
    assert found["methods"]["kde"] == {"seconds": [1.0, 1.0], "skipped": None, "competes": True}
    (metric,) = found["metrics"]
    assert metric["values"] == {"gan": [2.0, 2.1], "kde": [1.0, 1.1]}
    assert metric["floor"] == [0.5, 0.5]
    assert metric["winner"]["ahead"] == "kde"
    assert metric["winner"]["clear"] is True
