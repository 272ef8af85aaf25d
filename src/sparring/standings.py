"""Who wins a comparison, metric by metric, and whether the difference exceeds the noise."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import stdtrit

from sparring.evaluate.suite import METRICS, Score

GAN = "gan"
LEVEL = 0.95


@dataclass(frozen=True)
class Trial:
    """One method under one seed.

    Attributes:
        seconds: that it took to fit.
        scores: of its samples, on the rows held out.
        skipped: why there are none, or None.
    """

    method: str
    seed: int
    seconds: float
    scores: tuple[Score, ...] = ()
    skipped: str | None = None


@dataclass(frozen=True)
class Lead:
    """How much better one method is than another.

    Attributes:
        ahead, behind: the two methods.
        by: how much closer `ahead` comes to real rows, in the metric's unit: mean over the seeds.
        standard_error: of that mean; None with one seed.
        clear: whether that exceeds the noise: Student's test of the seeds' differences, at 95 %.
    """

    ahead: str
    behind: str
    by: float
    standard_error: float | None
    clear: bool


@dataclass(frozen=True)
class Standing:
    """One metric: what every method scores on it.

    Attributes:
        name: key in METRICS.
        title: with the feature space. Each seed's classifier is another, so none is named.
        values: of each method that has a score under every seed, in the order of the seeds.
        floor: of real rows in the place of samples, in the same order; empty without values.
        skipped: why no method has a score, or None.
    """

    name: str
    title: str
    values: dict[str, tuple[float, ...]]
    floor: tuple[float, ...]
    skipped: str | None

    def ranked(self, methods: Iterable[str]) -> list[str]:
        """Those of `methods` that were scored, the best first; equals by how near they are."""

        def order(method: str) -> tuple[float, float]:
            beside = np.abs(np.array(self.values[method]) - self.floor)
            return float(self._miss(method).mean()), float(beside.mean())

        return sorted((m for m in methods if m in self.values), key=order)

    def lead(self, a: str, b: str) -> Lead:
        """Which of two methods is ahead, and whether that exceeds the noise."""
        differences = self._miss(b) - self._miss(a)
        if differences.mean() < 0:
            return self.lead(b, a)
        by, seeds = float(differences.mean()), len(differences)
        if seeds == 1:
            return Lead(a, b, by, None, False)
        error = float(differences.std(ddof=1)) / math.sqrt(seeds)
        return Lead(a, b, by, error, by > error * float(stdtrit(seeds - 1, (1 + LEVEL) / 2)))

    def _miss(self, method: str) -> np.ndarray:
        """How far a method falls short of what real rows score, under each seed; 0 if it does not.

        Nothing is better than real rows: what lies beyond them is chance, or too much of one thing.
        """
        better = METRICS[self.name].better

        def away(values: tuple[float, ...]) -> np.ndarray:
            numbers = np.array(values)
            if isinstance(better, str):
                return numbers if better == "lower" else -numbers
            return np.abs(numbers - better)

        short: np.ndarray = np.maximum(away(self.values[method]) - away(self.floor), 0.0)
        return short


@dataclass(frozen=True)
class Comparison:
    """Several methods on the same rows.

    Attributes:
        name: of the data.
        kind: of the data.
        train_rows, holdout_rows: how many rows were learnt from and judged by.
        methods: in the order they were asked for.
        copying: those of them whose samples are training rows. They are a yardstick, no competitor.
        trials: every method under every seed.
    """

    name: str
    kind: str
    train_rows: int
    holdout_rows: int
    methods: tuple[str, ...]
    copying: frozenset[str]
    trials: tuple[Trial, ...]

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(trial.seed for trial in self.trials))

    @cached_property
    def skipped(self) -> dict[str, str]:
        """Methods without scores under one seed or more, and why."""
        return {
            trial.method: f"seed {trial.seed}: {trial.skipped}"
            for trial in reversed(self.trials)
            if trial.skipped is not None
        }

    @cached_property
    def standings(self) -> list[Standing]:
        """One for each metric, in the order of the kind's."""
        names = dict.fromkeys(score.name for trial in self.trials for score in trial.scores)
        return [self._standing(name) for name in names]

    def _standing(self, name: str) -> Standing:
        scores = {(t.method, t.seed): s for t in self.trials for s in t.scores if s.name == name}
        values: dict[str, tuple[float, ...]] = {}
        floors: dict[int, float] = {}
        for method in self.methods:
            found = [scores.get((method, seed)) for seed in self.seeds]
            mine = [score.value for score in found if score is not None and score.value is not None]
            if len(mine) == len(self.seeds):
                values[method] = tuple(mine)
        for (_, seed), score in scores.items():
            if score.floor is not None:
                floors.setdefault(seed, score.floor)
        first = next(iter(scores.values()))
        skipped = None if values else first.skipped
        floor = tuple(floors.values()) if values else ()
        title = re.sub(r"\[classifier-\w+", "[classifier", first.title)
        return Standing(name, title, values, floor, skipped)

    def best(self, standing: Standing) -> list[str]:
        """The method that comes closest to real rows, of those that compete; several in a tie."""
        ranked = standing.ranked(m for m in self.methods if m not in self.copying)
        return [m for m in ranked if standing.lead(ranked[0], m).by == 0]

    def winner(self, standing: Standing) -> Lead | None:
        """The best method over the next best; None with fewer than two that compete."""
        ranked = standing.ranked(m for m in self.methods if m not in self.copying)
        return standing.lead(*ranked[:2]) if len(ranked) > 1 else None

    def against_gan(self, standing: Standing) -> Lead | None:
        """The GAN and the best baseline; None where one of them has no score."""
        rivals = standing.ranked(m for m in self.methods if m not in {GAN, *self.copying})
        return standing.lead(GAN, rivals[0]) if rivals and GAN in standing.values else None

    @property
    def verdict(self) -> str:
        """What a person must know first: whether a baseline beats the GAN."""
        if GAN not in self.methods:
            return "The GAN was not among the methods."
        if GAN in self.skipped:
            return f"The GAN failed ({self.skipped[GAN]})."
        leads = [lead for s in self.standings if (lead := self.against_gan(s)) is not None]
        if not leads:
            return "There is no baseline to compare the GAN with."
        clear = [lead for lead in leads if lead.clear or len(self.seeds) == 1]
        beaten = Counter(lead.ahead for lead in clear if lead.ahead != GAN)
        won = sum(lead.ahead == GAN for lead in clear)
        rivals = ", ".join(f"{name} on {count}" for name, count in beaten.most_common())
        total, lost, open = len(leads), beaten.total(), len(leads) - len(clear)
        if len(self.seeds) == 1:
            return (
                f"Under this one seed a baseline is better than the GAN on {lost} of {total} "
                f"metrics{f' ({rivals})' if lost else ''}; what is chance only more seeds can tell."
            )
        if lost:
            first = f"A baseline beats the GAN on {lost} of {total} metrics ({rivals})"
            rest = f"the GAN beats every baseline on {won}"
        else:
            first = f"No baseline beats the GAN on any of {total} metrics"
            rest = f"the GAN beats them all on {won}"
        return f"{first}; {rest}; on {open} the difference is within the noise."

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "train_rows": self.train_rows,
            "holdout_rows": self.holdout_rows,
            "seeds": list(self.seeds),
            "verdict": self.verdict,
            "methods": {
                method: {
                    "seconds": [t.seconds for t in self.trials if t.method == method],
                    "skipped": self.skipped.get(method),
                    "competes": method not in self.copying,
                }
                for method in self.methods
            },
            "metrics": [self._metric(standing) for standing in self.standings],
        }

    def _metric(self, standing: Standing) -> dict[str, Any]:
        metric, lead = METRICS[standing.name], self.winner(standing)
        return {
            **dataclasses.asdict(standing),
            "better": metric.better,
            "meaning": metric.meaning,
            "winner": None if lead is None else dataclasses.asdict(lead),
        }
