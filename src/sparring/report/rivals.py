"""The GAN beside simple generators, fitted while the report is made, and who does better."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from threadpoolctl import threadpool_limits

from sparring.baselines.catalogue import BASELINES
from sparring.baselines.fit import fit_baseline
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError, InputError, unknown
from sparring.evaluate.suite import Score
from sparring.judge import judge_samples
from sparring.model import Model
from sparring.report.words import number
from sparring.standings import GAN, Comparison, Standing, Trial
from sparring.train.runtime import thread_count

MEASURED = ("quick", "closer")  # with the metric that shows who leans on training rows
# Those that end by themselves, and compete.
CHEAP = tuple(name for name, kind in BASELINES.items() if not (kind.by_the_clock or kind.copies))
CLOCK = 30.0  # seconds for those that train by the clock, where the run's are not known


def check_baselines(names: Sequence[str]) -> None:
    """See that baselines exist.

    Raises:
        ConfigError: one does not; the message lists those that do.
    """
    for name in names:
        if name not in BASELINES:
            raise ConfigError(unknown("baseline", name, [*BASELINES, "none"]))


def against_rivals(
    model: Model,
    scores: Sequence[Score],
    train: Dataset,
    holdout: Dataset,
    baselines: Sequence[str],
    seed: int,
    told: Callable[[str], None],
    seconds: float | None = None,
) -> Comparison:
    """Fit baselines to the training rows and score them as the GAN was scored, under one seed.

    Args:
        scores: of the GAN's samples on `holdout`.
        seconds: that those train that train by the clock.
    """
    trials = [Trial(GAN, seed, seconds or 0.0, tuple(scores))]
    for name in dict.fromkeys(baselines):
        told(f"baseline {name}")
        began = time.perf_counter()
        try:
            with thread_count(1), threadpool_limits(1):
                draw = fit_baseline(name, model.kind, train, seed=seed, seconds=seconds or CLOCK)
            took = time.perf_counter() - began
            found = judge_samples(model.kind, draw, holdout, train, metrics=MEASURED, seed=seed)
        except (InputError, DivergedError) as error:
            trials.append(Trial(name, seed, time.perf_counter() - began, skipped=str(error)))
        else:
            trials.append(Trial(name, seed, took, tuple(found)))
    methods = tuple(trial.method for trial in trials)
    copying = frozenset(m for m in methods if m != GAN and BASELINES[m].copies)
    return Comparison(
        holdout.name, model.kind.name, len(train), len(holdout), methods, copying, tuple(trials)
    )


def rivals(comparison: Comparison) -> list[str]:
    """The baselines that compete."""
    return [m for m in comparison.methods if m not in {GAN, *comparison.copying}]


def best_rival(comparison: Comparison, metric: str) -> str:
    """What the baseline that comes closest to real rows scores, and its name; "" without any."""
    for standing in comparison.standings:
        if standing.name == metric and (ranked := standing.ranked(rivals(comparison))):
            return f"{number(standing.values[ranked[0]][0])} ({ranked[0]})"
    return ""


def contests(comparison: Comparison) -> Iterator[tuple[Standing, Score]]:
    """The metrics on which both the GAN and a competing baseline have a value."""
    (gan,) = [trial for trial in comparison.trials if trial.method == GAN]
    scores = {score.name: score for score in gan.scores}
    for standing in comparison.standings:
        if GAN in standing.values and standing.ranked(rivals(comparison)):
            yield standing, scores[standing.name]


def ahead(standing: Standing, score: Score, rival: str) -> str | None:
    """Who comes closer to real rows by more than the GAN's 95 % interval; None where neither does.

    Without an interval any difference counts.
    """
    if rival not in standing.values:
        return None
    lead, value = standing.lead(GAN, rival), standing.values[rival][0]
    low, high = (score.value if end is None else end for end in (score.low, score.high))
    assert low is not None
    assert high is not None
    return lead.ahead if lead.by > 0 and not low <= value <= high else None


def tally(comparison: Comparison) -> tuple[str, int, int, int] | None:
    """The baseline that does best beside the GAN, on how many metrics each of the two is ahead of
    the other, and of how many; None where nothing can be compared."""
    both = list(contests(comparison))
    if not both:
        return None
    counts = {
        name: Counter(ahead(standing, score, name) for standing, score in both)
        for name in rivals(comparison)
        if name not in comparison.skipped
    }
    name = max(counts, key=lambda rival: counts[rival][rival] - counts[rival][GAN])
    return name, counts[name][name], counts[name][GAN], len(both)


def verdict(comparison: Comparison) -> tuple[bool, str]:
    """Whether a baseline wins, and the sentence that says so."""
    found = tally(comparison)
    if found is None:
        return False, "No simple method could be compared with this GAN."
    name, lost, won, total = found
    rival, even = f"{name} ({PLAIN[name]})", total - lost - won
    rest = f", the GAN on {won}" + (f"; on {even} they cannot be told apart" if even else "")
    if lost > won:
        first = f"A simple method does better than this GAN: {rival} comes"
    elif lost:
        first = f"No simple method does better than this GAN over all: the best, {rival}, comes"
    else:
        first = f"No simple method does better than this GAN on any score: the best, {rival}, comes"
    return lost > won, f"{first} closer to real rows on {lost} of {total} scores{rest}."


# What a person who knows no statistics may call them.
PLAIN: dict[str, str] = {
    "bootstrap": "the training rows themselves, drawn again",
    "marginals": "every column drawn by itself",
    "gaussian": "one bell curve",
    "gmm": "a mixture of bell curves",
    "kde": "training rows, blurred a little",
    "copula": "columns as they are, tied together by correlations",
    "smote": "points between neighbouring training rows",
    "vae": "a small autoencoder",
    "flow": "a small flow-matching model",
}
