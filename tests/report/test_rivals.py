"""Who does better, the GAN or a simple method."""

from __future__ import annotations

import pytest

from sparring.baselines.catalogue import BASELINES
from sparring.evaluate.score import Better, Score
from sparring.report.rivals import CHEAP, PLAIN, best_rival, verdict
from sparring.standings import GAN, Comparison, Trial

LOWER: Better = "lower"
HIGHER: Better = "higher"


def score(
    name: str, value: float | None, low: float | None = None, high: float | None = None
) -> Score:
    """A metric where less is better and real rows have 0, or agreement, where more is and 1."""
    floor, better = (1.0, HIGHER) if name == "coverage" else (0.0, LOWER)
    skipped = None if value is not None else "too few rows"
    return Score(name, name, better, "", 9, value, floor, skipped, low, high)


def compared(**scores: list[Score]) -> Comparison:
    trials = tuple(Trial(name, 0, 1.0, tuple(of)) for name, of in scores.items())
    copying = frozenset({"bootstrap"}) & scores.keys()
    return Comparison("data", "points", 40, 10, tuple(scores), copying, trials)


OF_GAN = [
    score("frechet", 0.5, 0.4, 0.6),
    score("sliced_wasserstein", 0.3, 0.1, 0.9),
    score("coverage", 0.8),
]


def test_a_simple_method_that_is_better() -> None:
    of_kde = [score("frechet", 0.1), score("sliced_wasserstein", 0.2), score("coverage", 0.9)]
    worse = [score("frechet", 0.9), score("sliced_wasserstein", 0.95), score("coverage", 0.1)]
    beaten, told = verdict(compared(gan=OF_GAN, marginals=worse, kde=of_kde))
    assert beaten
    assert told == (
        "A simple method does better than this GAN: kde (training rows, blurred a little) comes "
        "closer to real rows on 2 of 3 scores, the GAN on 0; on 1 they cannot be told apart."
    )


def test_a_gan_that_is_better() -> None:
    worse = [score("frechet", 0.9), score("sliced_wasserstein", 0.2), score("coverage", 0.1)]
    beaten, told = verdict(compared(gan=OF_GAN, gmm=worse))
    assert not beaten
    assert "on any score" in told
    assert "on 0 of 3 scores, the GAN on 2; on 1 they cannot be told apart." in told
    mixed = [score("frechet", 0.9), score("sliced_wasserstein", 0.95), score("coverage", 0.9)]
    beaten, told = verdict(compared(gan=OF_GAN, gmm=mixed))
    assert not beaten
    assert "over all" in told
    assert "on 1 of 3 scores, the GAN on 2." in told


def test_beyond_real_rows_is_no_better() -> None:
    beyond = [score("coverage", 1.0)]
    beaten, _ = verdict(compared(gan=beyond, gmm=[score("coverage", 1.2)]))
    assert not beaten


def test_copies_of_training_rows_do_not_compete() -> None:
    perfect = [score("frechet", 0.0), score("sliced_wasserstein", 0.0), score("coverage", 1.0)]
    worse = [score("frechet", 0.9), score("sliced_wasserstein", 0.95), score("coverage", 0.1)]
    comparison = compared(gan=OF_GAN, bootstrap=perfect, kde=worse)
    assert not verdict(comparison)[0]
    assert best_rival(comparison, "coverage") == "0.100 (kde)"
    assert "bootstrap" not in CHEAP


def test_nothing_to_compare() -> None:
    for of_kde in ([], [score("frechet", None)], [score("mmd", 0.3)]):
        assert verdict(compared(gan=OF_GAN, kde=of_kde)) == (
            False, "No simple method could be compared with this GAN.",
        )  # fmt: skip
    assert best_rival(compared(gan=OF_GAN), "frechet") == ""


@pytest.mark.parametrize("name", BASELINES)
def test_every_method_has_plain_words(name: str) -> None:
    assert PLAIN[name]
    assert name != GAN
