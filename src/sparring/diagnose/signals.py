"""What the log of a run says, look by look."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LATEST = 3  # looks whose median is how things stand


@dataclass(frozen=True)
class Course:
    """The looks at one run, in order.

    Attributes:
        looks: records of the log that hold signals.
        divergences: times that it diverged, if that was its end, else 0.
    """

    looks: tuple[Mapping[str, float], ...]
    divergences: int = 0

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]]) -> Course:
        """The course of a run, from the records of its log."""
        looks: list[Mapping[str, float]] = []
        last: Mapping[str, Any] = {}
        for last in records:
            if is_look(last):
                looks.append(last)
        ended = "divergences" in last and "learning_rate" not in last
        return cls(tuple(looks), int(last["divergences"]) if ended else 0)

    def now(self, signal: str) -> float | None:
        """The median of a signal over the latest looks; None where nothing measured it."""
        if signal == "divergences":
            return float(self.divergences)  # a run that got over them has none to answer for
        if signal == "looks":
            return float(len(self.looks))
        if signal == "distance_growth":
            return self._growth("distance")
        values = [look[signal] for look in self.looks[-LATEST:] if signal in look]
        return statistics.median(values) if values else None

    def _growth(self, signal: str) -> float | None:
        """How much a signal grew over the latter half, as a share: -.2 is a fifth less."""
        first = self.looks[max(len(self.looks) // 2 - 1, 0) :][:1]
        if len(self.looks) < 2 or not first[0].get(signal) or signal not in self.looks[-1]:
            return None
        return self.looks[-1][signal] / first[0][signal] - 1

    def since(self, signal: str, holds: Callable[[float], bool]) -> int | None:
        """The step of the look from which on `holds` was true to the end, if it was."""
        found = None
        for look in reversed(self.looks):
            if signal in look:
                if not holds(look[signal]):
                    break
                found = int(look["step"])
        return found


def is_look(record: Mapping[str, Any]) -> bool:
    """Whether a line of the log holds signals."""
    return "critic_accuracy" in record


# What each signal is, in a line for a person. "Real rows" are training rows; all are compared by
# 512 of them, and as many samples of the averaged G, that stay the same from look to look.
SIGNALS: dict[str, str] = {
    "looks": "how often the run was looked at: 24 times, or every 50 steps of a short run",
    "divergences": "times that a loss or gradient grew beyond bounds until that ended the run",
    "critic_accuracy": "chance that D prefers a real row to a sample of G (.5: cannot tell)",
    "holdout_accuracy": "the same with one of ten or more rows held out in place of the training "
    "row",
    "train_preference": "chance that D prefers a training row to one of ten or more held out (.5: "
    "no difference)",
    "logit_gap": "D's mean logit of real rows less that of samples",
    "critic_slope": "mean size of the gradient of D's logit at a sample",
    "gradient_share": "share of that gradient that the loss passes on to G",
    "distance": "sliced Wasserstein distance of samples to real rows, over that of real rows to "
    "other real rows (1: as real rows)",
    "distance_growth": "how much that distance grew over the latter half of the run, as a share",
    "spread": "mean distance of two samples, over that of two real rows (1: as varied)",
    "cells_missed": "share of the real rows in whose cell (of 32 by k-means, or a third as many as "
    "rows) samples hardly fall",
    "cell_entropy": "entropy of the samples' cells, over that of real rows (1: as varied)",
    "neighbour_accuracy": "how often a row's nearest neighbour is of its own set, real or sample "
    "(.5: cannot be told apart)",
    "nearness": "median distance of a sample to the nearest training row, over that of other real "
    "rows (1: as new rows)",
    "copies": "share of samples four times nearer to a training row than other real rows usually "
    "are",
    "movement": "how far the same noise's sample of G went since the last look, over the mean "
    "distance of two real rows",
    "turning": "share of the way of two looks that led back to where it came from (0: straight)",
    "churn": "share of the samples of G that would have to move back to their cells of a look ago",
}
