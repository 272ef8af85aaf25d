"""From rows to a trained model: plan, train, keep everything in the run directory."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sparring.config import Config, resolved
from sparring.data.batches import Batches
from sparring.data.dataset import Dataset
from sparring.data.source import BUILT_IN, TEST_SPLIT, fingerprint, open_source
from sparring.errors import ConfigError, DivergedError, InputError, RunError
from sparring.kinds.base import Kind
from sparring.kinds.catalogue import pick_kind
from sparring.kinds.labels import Labels
from sparring.model import Model
from sparring.nets.catalogue import build_networks
from sparring.objective.objective import build_objective
from sparring.sample import sample
from sparring.signals import stop_signals
from sparring.train.run import Run
from sparring.train.runtime import (
    largest_layer_flops,
    pick_device,
    pick_precision,
    pick_threads,
    thread_count,
)
from sparring.train.trainer import Trainer

HOLDOUT_ROWS = 10_000
# Settings that a resumed run may change: they decide where and how it is watched, not what it is.
FREE_ON_RESUME = (
    "device", "threads", "log_every_steps", "sample_every_steps", "state_every_seconds",
)  # fmt: skip


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM between two steps, after everything was saved."""


class Reporter:
    """What a run tells while it goes on; this one is silent."""

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        """Before the first step of this sitting."""

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        """After every line of the log."""

    def end(self) -> None:
        """After the last step, or on the way out of a failed run."""


@dataclass(frozen=True)
class Plan:
    """A run that could start: its rows, split and understood, and its settings, resolved.

    Attributes:
        config: resolved.
        kind: fitted on the training rows only.
        train, holdout: disjoint rows; the holdout may be empty.
        source: where the rows came from: name, fingerprint, number of rows.
    """

    config: Config
    kind: Kind
    train: Dataset
    holdout: Dataset
    source: dict[str, Any] = field(default_factory=dict)

    def build(self) -> Trainer:
        """Networks, objective and batches, on the device, seeded.

        Raises:
            ConfigError: a name that is in no catalogue, or settings that cannot hold together.
        """
        config = self.config
        device = pick_device(config.device)
        G, D = build_networks(self.kind.shape, config)
        batches = Batches(
            self.kind.encode(self.train),
            self.kind.encode_labels(self.train),
            self.kind.shape.conditions,
            self.kind.prepare,
            resolved(config.batch_size, "batch_size"),
            device,
            config.seed,
        )
        return Trainer(G.to(device), D.to(device), build_objective(config), batches, config)


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
    labels = kind_class.labels_of(dataset, config.target)
    if labels is not None:
        Labels.fit(labels, config.target or "label")  # an error names the row as the file has it
    train, holdout = split(dataset, config.holdout, config.seed, labels)
    kind = kind_class.fit(train, config)
    source = {
        "location": None if location is None else lasting(location),
        "name": dataset.name,
        "rows": len(dataset),
        "fingerprint": fingerprint(dataset),
    }
    config = config.with_defaults(kind.defaults)
    precision = pick_precision(
        resolved(config.precision, "precision"), pick_device(config.device)
    )
    config = config.replace({"precision": precision})
    # What cannot be built is told now, on two rows, before a run directory is made.
    trial = Plan(config, kind, train.take(np.arange(2)), holdout).build()
    flops = largest_layer_flops(trial.G, trial.D, trial.batches.batch_size, kind.shape.conditions)
    config = config.replace({"threads": pick_threads(config.threads, flops)})
    return Plan(config, kind, train, holdout, source)


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
    return dataset.take(np.sort(order[held:])), dataset.take(np.sort(order[:held]))


def fit(
    plan: Plan, run: Run | None = None, *, resume: bool = False, reporter: Reporter | None = None
) -> Model:
    """Train as planned, from the start or from the last state of `run`.

    Returns:
        The model with the averaged G.

    Raises:
        DivergedError: a loss or parameter is not finite; the last good state is kept.
        RunError: the run directory cannot be written or continued.
        Interrupted: Ctrl-C or SIGTERM in a run with a directory; all is saved. Without one, the
            model is returned as it is then, with a warning.
    """
    reporter = reporter or Reporter()
    trainer = plan.build()
    model = Model(plan.config, plan.kind, trainer.average.net, trainer.D, plan.source)
    if run is not None:
        if resume:
            check_same(plan, run)
            state = run.load_state()
            if state is not None:
                trainer.load_state_dict(state)
                model.steps = trainer.step
            run.rewind_log(trainer.step)
        else:
            model.save(run.path)
    recorder = Recorder(plan, trainer, model, run)
    with thread_count(resolved(plan.config.threads, "threads")), stop_signals() as stop:
        try:
            reporter.begin(plan, trainer)
            _train(plan, trainer, recorder, reporter, stop)
        except DivergedError as error:
            raise DivergedError(f"{error}; {recorder.kept()}") from None
        finally:
            reporter.end()
    trainer.D.eval().requires_grad_(False)
    return model


def _train(
    plan: Plan, trainer: Trainer, recorder: Recorder, reporter: Reporter, stop: threading.Event
) -> None:
    log_every = plan.config.log_every_steps
    for step in trainer.steps():
        if step % log_every == 0 or trainer.progress == 1:
            reporter.progress(trainer, recorder.log())
        recorder.picture_if_due()
        recorder.state_if_due()
        if stop.is_set():
            recorder.save()
            if recorder.run is not None:
                raise Interrupted(f"stopped at step {step:,}")
            warnings.warn(f"stopped at step {step:,}: the model is as it is now", stacklevel=3)
            return
    recorder.save()


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
    if fingerprint(dataset) != model.source["fingerprint"]:
        raise InputError(f"{location} holds other rows than the model was trained on")
    labels = model.kind.label_values(dataset)
    return split(dataset, config.holdout, config.seed, labels)


class Recorder:
    """Writes what a run leaves behind; without a run directory, nothing."""

    def __init__(self, plan: Plan, trainer: Trainer, model: Model, run: Run | None) -> None:
        self.plan, self.trainer, self.model, self.run = plan, trainer, model, run
        self.saved_at = time.monotonic()
        self.pictures = math.floor(10 * trainer.progress)

    def log(self) -> dict[str, float]:
        """Take the trainer's record, and append it to the log."""
        record = self.trainer.record()
        if self.run is not None:
            self.run.append(self.run.log_path, record)
        return record

    def picture_if_due(self) -> None:
        """Draw samples every `sample_every_steps`, or at every tenth of the run."""
        every = self.plan.config.sample_every_steps
        tenths = math.floor(10 * self.trainer.progress)
        due = self.trainer.step % every == 0 if every else tenths > self.pictures
        if self.run is None or not due:
            return
        self.pictures = tenths
        path = self.run.samples / f"step-{self.trainer.step:07d}.png"
        self.plan.kind.draw(picture_samples(self.model), self.plan.train, path)

    def state_if_due(self) -> None:
        """Save the state when `state_every_seconds` have passed."""
        if time.monotonic() - self.saved_at >= self.plan.config.state_every_seconds:
            self.save()

    def save(self) -> None:
        """Save the state and the model.

        Raises:
            DivergedError: a parameter is not finite; the states before this one stay.
        """
        if not self.trainer.healthy():
            raise DivergedError(f"a parameter is not finite at step {self.trainer.step}")
        self.model.steps = self.trainer.step
        if self.run is not None:
            self.run.save_state(self.trainer.state_dict())
            self.model.save_weights(self.run.path)
        self.saved_at = time.monotonic()

    def kept(self) -> str:
        """What is left of a run that failed, and what to try."""
        remedy = "try a lower learning_rate or a higher gamma"
        if self.run is None:
            return remedy
        return f"{self.run.path} keeps the model of step {self.model.steps:,}; {remedy}"


def picture_samples(model: Model, per_class: int = 10) -> Dataset:
    """The same latents every time: as many as the kind wants; of images, some of each class."""
    if len(model.kind.shape.row) == 1 or model.kind.labels is None:
        return sample(model, model.kind.pictured, seed=model.config.seed)
    classes = model.kind.labels.classes[:20]
    y = [c for c in classes for _ in range(per_class)]
    return sample(model, len(y), y=y, seed=model.config.seed)


def check_same(plan: Plan, run: Run) -> None:
    """Refuse to continue another run.

    Raises:
        ConfigError: the settings differ; the message shows where.
        RunError: the rows differ.
    """
    saved = Model.load(run.path)
    free = {name: getattr(plan.config, name) for name in FREE_ON_RESUME}
    difference = dataclasses.replace(saved.config, **free).difference(plan.config)
    if difference:
        raise ConfigError(f"{run.path} was started with other settings ({difference})")
    if saved.source.get("fingerprint") != plan.source["fingerprint"]:
        raise RunError(f"{run.path} was started on other rows than {plan.source['name']} holds now")
