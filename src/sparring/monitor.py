"""Judging a run as it goes: keeps the best model, and ends the run when that is good enough."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, RunError, choose
from sparring.evaluate.score import Better, Score
from sparring.evaluate.suite import METRICS
from sparring.judge import judge
from sparring.kinds.base import Kind
from sparring.model import Model
from sparring.train.trainer import Trainer

LOOKS = 20  # judgements in a run
ROWS = 2_000  # at most, for time


class Monitor:
    """Follows one metric of the averaged G on rows that training never sees.

    The model's G and D are the best so far from the first judgement on, not the last.

    Args:
        asked: "METRIC" or "METRIC=VALUE", as in the config.
        patience: judgements without a better value after which the run ends, or None.

    Attributes:
        best: the best value so far, of step `best_step`, or None before the first judgement.
        verdict: why the run is to end, or "".

    Raises:
        ConfigError: no such metric for this kind of data, or no number.
    """

    def __init__(
        self, asked: str, patience: int | None, train: Dataset, holdout: Dataset, model: Model
    ) -> None:
        self.name, self.goal = parse(asked, model.kind)
        self.patience, self.train, self.holdout, self.model = patience, train, holdout, model
        self.average, self.D = model.G, model.D
        model.G, model.D = copy.deepcopy(model.G), copy.deepcopy(model.D)
        self.better: Better = METRICS[self.name].better
        self.looks = 0
        self.best: float | None = None
        self.best_step = 0
        self.idle = 0  # judgements since the best
        self.verdict = ""

    def look_if_due(self, trainer: Trainer, keep: Callable[[Score], object]) -> None:
        """Judge at every twentieth of the run; `keep` is handed the score.

        Raises:
            ConfigError: the metric cannot be measured on these rows.
        """
        looks = math.floor(LOOKS * trainer.progress)
        if looks <= self.looks or self.verdict:
            return
        self.looks = looks
        score = self._score()
        if score.value is None:
            raise ConfigError(f"monitor {self.name!r} cannot be measured: {score.skipped}")
        keep(score)
        self.idle += 1
        if self.best is None or badness(score.value, self.better) < badness(self.best, self.better):
            self.best, self.best_step, self.idle = score.value, trainer.step, 0
            self.model.G.load_state_dict(self.average.state_dict())
            self.model.D.load_state_dict(self.D.state_dict())
            self.model.steps = trainer.step
        if self.goal is not None and badness(self.best, self.better) <= badness(
            self.goal, self.better
        ):
            self.verdict = f"{self.name} is {self.best:.4g}, which was asked for"
        elif self.patience is not None and self.idle >= self.patience:
            self.verdict = f"{self.name} was not better than {self.best:.4g} {self.idle} times"

    def _score(self) -> Score:
        judged = Model(self.model.config, self.model.kind, self.average, self.D)
        (score,) = judge(judged, self.holdout, self.train, metrics=[self.name], rows=ROWS)
        return score

    def state_dict(self) -> dict[str, Any]:
        """All that decides what it will keep and say."""
        return {
            "G": copy.deepcopy(self.model.G.state_dict()),
            "D": copy.deepcopy(self.model.D.state_dict()),
            "looks": self.looks, "best": self.best, "best_step": self.best_step,
            "idle": self.idle, "verdict": self.verdict,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken.

        Raises:
            RunError: the state of another version of Sparring.
        """
        try:
            self.model.G.load_state_dict(state["G"])
            self.model.D.load_state_dict(state["D"])
            for name in ("looks", "best", "best_step", "idle", "verdict"):
                setattr(self, name, state[name])
        except KeyError as error:
            raise RunError(f"the saved state does not fit this run (no {error})") from None
        self.model.steps = self.best_step


def parse(asked: str, kind: Kind) -> tuple[str, float | None]:
    """The metric and the goal of "METRIC" or "METRIC=VALUE".

    Raises:
        ConfigError: no such metric for this kind of data, or no number.
    """
    name, equals, value = asked.partition("=")
    choose("metric", name, {metric: METRICS[metric] for metric in kind.metrics})
    if not equals:
        return name, None
    try:
        return name, float(value)
    except ValueError:
        raise ConfigError(f"monitor {asked!r}: {value!r} is no number") from None


def badness(value: float, better: Better) -> float:
    """What is smaller for a better value."""
    if isinstance(better, str):
        return value if better == "lower" else -value
    return abs(value - better)
