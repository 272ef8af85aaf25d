"""What is decided before a run starts: its rows, split and understood, and its settings."""

from __future__ import annotations

import dataclasses
import math
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from sparring.config import Config, resolved
from sparring.data.batches import Batches, Prepare
from sparring.data.dataset import Dataset
from sparring.data.smoothing import Smoothed
from sparring.data.source import BUILT_IN, TEST_SPLIT, fingerprint, open_source
from sparring.errors import ConfigError, InputError, RunError
from sparring.kinds.base import Kind
from sparring.kinds.catalogue import pick_kind
from sparring.kinds.encoded import Encoded, encoded
from sparring.kinds.labels import Labels
from sparring.kinds.table import Table
from sparring.model import Model
from sparring.monitor import parse
from sparring.nets.catalogue import build_networks
from sparring.objective.objective import build_objective
from sparring.train.checkup import ROWS
from sparring.train.cluster import agreed, check_shareable, processes
from sparring.train.engine import TRACING_REPAYS, pick_engine
from sparring.train.private import Budget, PrivateBatches, budget, privately, updates_of_critic
from sparring.train.run import Run
from sparring.train.runtime import (
    largest_layer_flops,
    pick_device,
    pick_precision,
    pick_threads,
)
from sparring.train.trainer import Trainer, planned_steps

HOLDOUT_ROWS = 10_000
# Settings that a resumed run may change: they decide where and how it is watched, not what it is.
FREE_ON_RESUME = (
    "device", "threads", "precision", "engine", "log_every_steps", "sample_every_steps",
    "state_every_seconds",
)  # fmt: skip
PACKED: dict[str, Any] = {"candidates": 1, "stratified": False}  # where D judges packs of rows
BIT_EXACT_UNDER = ("device", "threads", "precision", "engine")  # the same of these


@dataclass(frozen=True)
class Plan:
    """A run that could start: its rows, split and understood, and its settings, resolved.

    Attributes:
        config: resolved.
        kind: fitted on the training rows only; of a table that is not held, on its sample.
        train, holdout: disjoint rows; the holdout may be empty.
        source: where the rows came from: name, fingerprint, number of rows; and the budget.
        budget: of privacy, under epsilon.
    """

    config: Config
    kind: Kind
    train: Dataset
    holdout: Dataset
    source: dict[str, Any] = field(default_factory=dict)
    budget: Budget | None = None

    @cached_property
    def encoded(self) -> Encoded:
        """All training rows, encoded."""
        return encoded(self.kind, self.train)

    def spent(self, steps: int) -> float | None:
        """Epsilon after so many steps, and all updates before the first; None without a budget."""
        if self.budget is None:
            return None
        return self.budget.spent(updates_of_critic(self.config, steps))

    def build(self) -> Trainer:
        """Networks, objective and batches, on the device, seeded.

        Raises:
            ConfigError: a name that is in no catalogue, or settings that cannot hold together.
        """
        config = self.config
        device = pick_device(config.device)
        G, D = build_networks(self.kind.shape, config)
        prepare = self._prepare(device)
        batches = self._batches(self.encoded, device, prepare)
        # Under epsilon nothing looks at rows: what it finds would stand in the log.
        places = np.arange(min(len(self.holdout), ROWS) if self.budget is None else 0)
        places = encodable(self.kind, self.holdout, places) if len(places) else places
        holdout = None
        if len(places):
            some = self.holdout.take(places)
            encodings = self.kind.encode(some), self.kind.encode_labels(some)
            holdout = self._batches(encodings, device, prepare)
        return Trainer(
            G.to(device), D.to(device), build_objective(config), batches, config, holdout
        )

    def _batches(self, rows: Encoded, device: torch.device, prepare: Prepare) -> Batches:
        arguments = (
            *rows,
            self.kind.shape.conditions,
            prepare,
            resolved(self.config.batch_size, "batch_size"),
            device,
            self.config.seed,
            self.kind.given(resolved(self.config.given_share, "given_share")),
            bool(self.config.stratified),
        )
        if self.budget is None:
            return Batches(*arguments)
        return PrivateBatches(*arguments, kind=self.kind, budget=self.budget)

    def _prepare(self, device: torch.device) -> Prepare:
        """How encoded rows become what the nets see: those held out as those trained on."""
        h = self.config.smoothing
        moved = self.kind.continuous if h else ()
        if not h or not moved:
            return self.kind.prepare
        return Smoothed(self.kind.prepare, self.encoded[0], moved, h, self.config.seed, device)


def plan(dataset: Dataset, config: Config, location: str | Path | None = None) -> Plan:
    """Split the rows, fit the kind on the training rows and resolve the settings.

    Args:
        location: where the rows can be read again: a path or a built-in name.

    Raises:
        InputError: rows that no kind can hold.
        ConfigError: an unknown name, or settings that cannot hold together.
    """
    kind_class = pick_kind(dataset, config)
    dataset = kind_class.adopt(dataset)
    private = config.epsilon is not None
    if private:
        if not issubclass(kind_class, Table):
            raise ConfigError("epsilon is for tables (points are one with --kind table)")
        if dataset.file is not None:
            raise ConfigError(f"epsilon: {dataset.name} is too large: its rows must fit in memory")
        config = privately(config)
        public = _public_rows(config)
    # Under epsilon, which rows train is no matter of what is in them.
    labels = None if private else kind_class.labels_of(dataset, config.target)
    if labels is not None:
        Labels.fit(labels, config.target or "label")  # an error names the row as the file has it
    train, holdout = split(dataset, config.holdout, config.seed, labels)
    if private:
        kind = kind_class.fit(kind_class.adopt(public), config.replace({"min_count": 1}))
    else:
        # A sample must tell of every category, also of one whose only row in it is held out.
        kind = kind_class.fit(train if dataset.file is None else dataset, config)
    source: dict[str, Any] = {
        "location": None if location is None else lasting(location),
        "name": dataset.name,
        "rows": dataset.total,
        "fingerprint": mark(dataset, config),
    }
    of_privacy, of_packs = Table.in_private if private else {}, PACKED if config.pac > 1 else {}
    usual = kind.defaults_for(train.total, config)
    config = config.with_defaults({**usual, **of_privacy, **of_packs})
    if config.given_share and not kind.shape.cells:
        raise ConfigError("given_share: only rows of tables have cells that can be given")
    if config.smoothing and len(kind.shape.row) > 1:
        raise ConfigError("smoothing: only the numbers of points and tables can be moved")
    if config.gibbs_sweep and kind.steps() is None:
        raise ConfigError("gibbs_sweep: only cells of tables can be drawn one by one")
    if config.clusters and len(kind.shape.row) == 1:
        raise ConfigError("clusters: only images are told apart by them")
    if config.match_histogram and kind.ends is None:
        raise ConfigError("match_histogram: only images have pixels")
    if config.momentum and config.optimizer != "sgd":
        raise ConfigError(f"momentum: optimizer {config.optimizer!r} has none; sgd does")
    for name in ("min_count", "tail_quantile", "drop_text"):
        if not isinstance(kind, Table) and getattr(config, name) > getattr(Config(), name):
            raise ConfigError(f"{name}: only tables have columns that it could change")
    if config.constraints and not isinstance(dataset.x, pd.DataFrame):
        raise ConfigError("constraints: only tables have columns that can be held to any")
    spent, steps = None, planned_steps(config, train.total)
    if private:
        assert steps is not None  # `privately` refuses a budget of minutes
        spent = budget(config, len(train), updates_of_critic(config, steps))
        assert isinstance(kind, Table)
        kind = kind.noised(train, spent.encoder_noise, np.random.default_rng(secrets.randbits(128)))
        source["privacy"] = dataclasses.asdict(spent)
    precision = pick_precision(
        resolved(config.precision, "precision"), pick_device(config.device)
    )
    config = config.replace({"precision": precision})
    if config.monitor is not None:
        parse(config.monitor, kind)
        if len(holdout) < 2:
            raise ConfigError(f"monitor {config.monitor!r}: there is no holdout to judge by")
    elif config.patience is not None:
        raise ConfigError("patience needs a monitor: the metric to be patient about")
    for name in ("public_rows", "delta", "clip_norm"):
        if not private and getattr(config, name) != getattr(Config(), name):
            raise ConfigError(f"{name} needs epsilon: without it nothing is private")
    check_shareable(config)
    # What cannot be built is told now, on two rows, before a run directory is made. Epochs of two
    # rows would be over before they had a pace.
    untried = config.replace({"engine": config.engine or "eager", "steps": steps})
    trial = Plan(untried, kind, train.take(np.arange(2)), holdout).build()
    size, conditions = trial.batches.batch_size, kind.shape.condition_width
    flops = largest_layer_flops(trial.G, trial.D, size, conditions)
    # Processes that train together have a core each.
    threads = pick_threads(config.threads or (1 if processes() > 1 else None), flops)
    engine = _engine(config, trial, steps, threads)
    config = agreed(config.replace({"threads": threads, "engine": engine}))
    made = Plan(config, kind, train, holdout, source, spent)
    if train.file is not None or private:
        made.encoded  # noqa: B018 - a row that does not fit is told before there is a run
    return made


def _public_rows(config: Config) -> Dataset:
    """The rows that a private model may know of as they are."""
    return open_source(str(config.public_rows), target=config.target, columns=config.columns)


def mark(dataset: Dataset, config: Config) -> str:
    """What tells the rows of a run from others; under epsilon their number alone."""
    return fingerprint(dataset) if config.epsilon is None else f"{len(dataset)} rows"


def _engine(config: Config, trial: Trainer, steps: int | None, threads: int) -> str:
    """How the steps will run; a long run is worth a look at its pace first."""
    if processes() > 1:
        return "eager"  # no recording holds what processes tell each other
    device = trial.batches.device
    if steps is None:
        return pick_engine(config, device, math.inf, 60 * resolved(config.minutes, "minutes"))
    unsure = config.engine is None and steps >= TRACING_REPAYS
    return pick_engine(config, device, steps, steps * trial.pace(threads) if unsure else 0.0)


def encodable(kind: Kind, rows: Dataset, places: np.ndarray) -> np.ndarray:
    """Those of `places` whose rows hold nothing that training never saw, such as a category."""
    part = rows.take(places)
    try:
        kind.encode(part)
        kind.encode_labels(part)
    except InputError:
        if len(places) == 1:
            return places[:0]
        halves = np.array_split(places, 2)
        return np.concatenate([encodable(kind, rows, half) for half in halves])
    return places


def lasting(location: str | Path) -> str:
    """A path made absolute, to be found from anywhere; a built-in name as it is."""
    text = str(location)
    if isinstance(location, str) and location in BUILT_IN:
        return text
    path = text.removesuffix(TEST_SPLIT)
    return str(Path(path).expanduser().absolute()) + text[len(path) :]


def split(
    dataset: Dataset, share: float, seed: int, labels: np.ndarray | None = None
) -> tuple[Dataset, Dataset]:
    """Training rows and a holdout of `share` of the rows, at most 10,000, drawn by the seed.

    Args:
        labels: (n,); each of them is among the training rows at least once.

    Raises:
        InputError: fewer than 2 rows would be left to train on.
    """
    n, needed = len(dataset), 2
    order = np.random.default_rng(seed).permutation(n)
    if labels is not None:
        # A class that only the holdout has could be neither learnt nor asked for.
        first = np.unique(labels[order].astype(str), return_index=True)[1]
        order = np.concatenate([np.delete(order, first), order[first]])
        needed = max(needed, len(first))
    held = min(int(n * share), HOLDOUT_ROWS, max(n - needed, 0))
    if n - held < 2:
        raise InputError(f"{dataset.name} has {n} sample(s); at least 2 are needed")
    out = np.sort(order[:held])
    return dataset.without(out), dataset.take(out)


def reopen(model: Model) -> tuple[Dataset, Dataset]:
    """The training rows and the holdout of a model, read again from where they came.

    Raises:
        InputError: they are not there any more, or other rows are.
    """
    location, config = model.source.get("location"), model.config
    if not location:
        raise InputError("the model was trained on rows in memory: give rows to judge it by")
    dataset = open_source(location, target=config.target, columns=config.columns)
    dataset = model.kind.adopt(dataset)
    if mark(dataset, config) != model.source["fingerprint"]:
        raise InputError(f"{location} holds other rows than the model was trained on")
    labels = None if config.epsilon is not None else model.kind.label_values(dataset)
    return split(dataset, config.holdout, config.seed, labels)


def check_settings(path: Path, before: Config, now: Config) -> None:
    """Refuse to go on at `path` under settings that make it another run.

    Raises:
        ConfigError: the settings differ; the message shows where.
    """
    free = {name: getattr(now, name) for name in FREE_ON_RESUME}
    difference = dataclasses.replace(before, **free).difference(now)
    if difference:
        raise ConfigError(f"{path} was started with other settings ({difference})")


def check_same(plan: Plan, run: Run) -> str:
    """Refuse to continue another run.

    Returns:
        The changes after which it will not repeat an unbroken run to the bit, in words.

    Raises:
        ConfigError: the settings differ; the message shows where.
        RunError: the rows differ.
    """
    saved = Model.load(run.path, weights=False)
    check_settings(run.path, saved.config, plan.config)
    if saved.source.get("fingerprint") != plan.source["fingerprint"]:
        raise RunError(f"{run.path} was started on other rows than {plan.source['name']} holds now")
    exact = {name: getattr(plan.config, name) for name in BIT_EXACT_UNDER}
    return saved.config.difference(saved.config.replace(exact))
