"""What a recipe is made of. A recipe is data: it has no training loop of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import RunError
from sparring.model import Model
from sparring.sample import sample
from sparring.train.run import Run, read_lines

NEVER = 10**9  # steps: frames take the place of a run's own pictures
Values = dict[str, float]
Rows = Callable[[int, bool], Dataset]  # the training rows of a seed, fewer of them if quick


@dataclass(frozen=True)
class Trained:
    """One finished run of an experiment, to be measured and drawn.

    Attributes:
        path: its run directory.
        rows: what it was trained on.
        quick: whether it is only a rehearsal: what is measured may then be rough too.
    """

    path: Path
    model: Model
    rows: Dataset
    seed: int
    quick: bool

    @property
    def x(self) -> np.ndarray:
        """The training rows as an array."""
        return np.asarray(self.rows.x)

    def draw(self, n: int, y: Any = None) -> np.ndarray:
        """Samples as an array, the same at every call; of the classes `y` if given."""
        return np.asarray(sample(self.model, n, y=y, seed=self.seed).x)

    @cached_property
    def log(self) -> list[dict[str, Any]]:
        """The lines of log.jsonl."""
        return list(read_lines(Run(self.path).log_path))

    @property
    def frames(self) -> list[Path]:
        """What was kept before the first step and at every tenth of the run, in order."""
        return sorted((self.path / "frames").glob("[0-9][0-9]"))


@dataclass(frozen=True)
class Experiment:
    """One training of a recipe.

    Attributes:
        title: what tables and figures call it.
        rows: where its rows come from.
        settings: of `Config`, as published; what is not named is the house's default.
        measure: numbers of a finished run, by the keys of the recipe's measures; a number that
            real rows give in the place of the samples has the same key with FLOOR before it.
        quick: changes of the settings under --quick.
        seeds: how many seeds it is run with, whatever is asked; None = as many as are asked.
        like: the experiment whose seconds it gets, seed by seed, in the place of its own budget.
        keep: writes what a figure wants of the unfinished model to a path; called before the
            first step and at every tenth of seed 0's run.
        home: the recipe whose folder keeps its runs, if several recipes show it.
    """

    title: str
    rows: Rows
    settings: Mapping[str, Any]
    measure: Callable[[Trained], Values]
    quick: Mapping[str, Any]
    seeds: int | None = None
    like: str | None = None
    keep: Callable[[Model, Path], None] | None = None
    home: str | None = None

    def config(self, seed: int, quick: bool, minutes: float | None) -> Config:
        """The settings of one run; `minutes` replaces the budget where it is given."""
        settings = {**self.settings, **(self.quick if quick else {})}
        config = Config(seed=seed, sample_every_steps=NEVER).replace(settings)
        return config if minutes is None else config.replace({"minutes": minutes})

    def seeds_of(self, asked: int, quick: bool) -> int:
        """How many seeds it is run with when so many are asked for."""
        return asked if self.seeds is None or quick else self.seeds


FLOOR = "floor of "


class NotYet(RunError):
    """A figure wants a run that has not been made."""


@dataclass(frozen=True)
class Results:
    """Everything that a recipe's runs gave so far.

    Attributes:
        values: of each experiment that is finished, of each seed.
        load: opens the finished run of an experiment and a seed.
    """

    values: Mapping[str, Mapping[int, Values]]
    load: Callable[[str, int], Trained]

    def trained(self, experiment: str) -> Trained:
        """The run that figures show: that of seed 0.

        Raises:
            NotYet: it has not been made.
        """
        if experiment not in self.values:
            raise NotYet(f"{experiment} has not been run yet")
        return self.load(experiment, 0)

    def column(self, experiment: str, key: str) -> list[float]:
        """One number of an experiment, seed by seed, where it was measured."""
        return [v[key] for v in self.values.get(experiment, {}).values() if key in v]


@dataclass(frozen=True)
class Measure:
    """A column of a recipe's table: what it is called, and how many decimals are shown."""

    key: str
    title: str
    digits: int = 3


@dataclass(frozen=True)
class Published:
    """A number that the document reports, and where; beside it stands what `experiment` gave."""

    experiment: str
    key: str
    value: str
    where: str


@dataclass(frozen=True)
class Finding:
    """What the document found, decided by numbers, seed by seed.

    Attributes:
        claim: in the document's sense; where: the place in it.
        rule: how the numbers decide, in words.
        experiments: whose numbers `holds` asks for, by experiment.
    """

    claim: str
    where: str
    rule: str
    experiments: tuple[str, ...]
    holds: Callable[[Mapping[str, Values]], bool]


@dataclass(frozen=True)
class Drawing:
    """A figure (or several that make an animation), its file, its caption and its text for those
    who do not see it."""

    file: str
    title: str
    alt: str
    draw: Callable[[Results], Figure | list[Figure]]


@dataclass(frozen=True)
class Recipe:
    """A published experiment.

    Attributes:
        title: one line; document: what it was published as; shows: what there is to see.
        minutes: roughly, for all experiments with one seed on one core.
        notes: what the document leaves open, what is wrong in it, where this departs from it.
        conclude: one plain sentence that the numbers decide, if there is one.
        seeds: how many are run unless the user says otherwise.
    """

    title: str
    document: str
    shows: str
    minutes: float
    experiments: Mapping[str, Experiment]
    measures: tuple[Measure, ...]
    drawings: tuple[Drawing, ...]
    published: tuple[Published, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    conclude: Callable[[Results], str] | None = None
    seeds: int = 5
