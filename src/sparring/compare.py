"""The GAN beside simpler generators: the same split, seconds and metrics, under several seeds."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from sparring.baselines.catalogue import BASELINES
from sparring.baselines.fit import fit_baseline
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError, InputError, choose, unknown
from sparring.evaluate.suite import METRICS
from sparring.fit import fit
from sparring.judge import Draw, judge_samples
from sparring.plan import Plan, plan
from sparring.recorder import Reporter
from sparring.sample import sample
from sparring.standings import GAN, Comparison, Trial
from sparring.train.runtime import pick_device, thread_count
from sparring.train.trainer import Trainer

METHODS = (GAN, *BASELINES)
SEEDS = 3
MEASURED = ("quick", "closer")  # with the metric that shows who leans on training rows


def compare(
    dataset: Dataset,
    config: Config,
    methods: Sequence[str] = METHODS,
    *,
    seeds: int = SEEDS,
    metrics: str | Sequence[str] = MEASURED,
    location: str | Path | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Fit every method to the same training rows and score it on the same rows held out.

    Under each seed (that of the config, the next, ...) the rows are split anew. Baselines that
    train by the clock get the seconds that the GAN took from its first step to the finished model,
    or, where no GAN is fitted, the minutes of the config. All run on one thread, unless the config
    asks for more.

    Args:
        methods: keys of BASELINES, and "gan".
        metrics: as for `judge`.
        location: where the rows can be read again: a path or a built-in name.
        told: is called with a line for a person before and after each fit.

    Raises:
        ConfigError: an unknown method, settings that cannot hold together, or a method that trains
            by the clock where nothing sets it.
        InputError: rows that no kind can hold, or fewer than two held out.
    """
    methods = _checked(methods, config)
    for name in [metrics] if isinstance(metrics, str) else metrics:
        if name not in ("quick", "all"):
            choose("metric", name, METRICS)  # known before anything is trained
    if seeds < 1:
        raise ConfigError(f"{seeds} seeds: give at least 1")
    if config.threads is None:
        config = config.replace({"threads": 1})
    trials: list[Trial] = []
    for seed in range(config.seed, config.seed + seeds):
        planned = plan(dataset, config.replace({"seed": seed}), location)
        train, held_out = len(planned.train), len(planned.holdout)
        if held_out < 2:
            raise InputError(f"{dataset.name}: {held_out} row(s) held out; give a larger holdout")
        if not trials:
            told(
                f"{dataset.name}: {planned.kind.name}, {train:,} rows to learn from, {held_out:,} "
                f"held out; {len(methods)} methods, {seeds} seed(s)"
            )
            for note in planned.kind.notes:
                told(note)
        trials += _trials(planned, methods, metrics, told)
    copying = frozenset(m for m in methods if m != GAN and BASELINES[m].copies)
    return Comparison(
        dataset.name, planned.kind.name, train, held_out, tuple(methods), copying, tuple(trials)
    )


def _checked(methods: Sequence[str], config: Config) -> list[str]:
    """The methods, each once."""
    for name in methods:
        if name not in METHODS:
            raise ConfigError(unknown("method", name, METHODS))
    if not methods:
        raise ConfigError(f"no method is named (valid: {', '.join(METHODS)})")
    timed = [m for m in methods if m != GAN and BASELINES[m].by_the_clock]
    if timed and GAN not in methods and config.minutes is None:
        raise ConfigError(f"{timed[0]} trains by the clock: give minutes, or gan as a method too")
    return list(dict.fromkeys(methods))


def _trials(
    planned: Plan,
    methods: Sequence[str],
    metrics: str | Sequence[str],
    told: Callable[[str], None],
) -> Iterator[Trial]:
    """All methods under one seed, the GAN first: it sets the clock for the others."""
    config, seed = planned.config, planned.config.seed
    clock = None if config.minutes is None else 60 * config.minutes
    for method in sorted(methods, key=lambda name: name != GAN):
        told(f"seed {seed}: {method}")
        began = time.perf_counter()
        try:
            if method == GAN:
                draw, clock = _gan(planned, told)
            else:
                draw = _baseline(method, planned, clock)
            seconds = time.perf_counter() - began
            scores = judge_samples(
                planned.kind, draw, planned.holdout, planned.train, metrics=metrics, seed=seed
            )
        except (InputError, DivergedError) as error:
            told(f"seed {seed}: {method} skipped: {error}")
            yield Trial(method, seed, time.perf_counter() - began, skipped=str(error))
        else:
            yield Trial(method, seed, seconds, tuple(scores))


def _gan(planned: Plan, told: Callable[[str], None]) -> tuple[Draw, float]:
    """The trained GAN, and the seconds from its first step to the finished model."""
    watch = Watch(told)
    with warnings.catch_warnings():
        # Without a run directory, Ctrl-C ends a training with a warning; here it ends everything.
        warnings.filterwarnings("error", message="stopped at step")
        try:
            model = fit(planned, reporter=watch)
        except UserWarning:
            raise KeyboardInterrupt from None
    seconds = time.perf_counter() - watch.began
    return lambda n, seed: sample(model, n, seed=seed), seconds


def _baseline(name: str, planned: Plan, seconds: float | None) -> Draw:
    config = planned.config
    if seconds is None:
        if BASELINES[name].by_the_clock:
            raise InputError("it trains for as long as the GAN, which failed")
        seconds = 0.0
    with thread_count(config.threads or 1), threadpool_limits(config.threads or 1):
        return fit_baseline(
            name, planned.kind, planned.train,
            seed=config.seed, seconds=seconds, device=pick_device(config.device),
        )  # fmt: skip


class Watch(Reporter):
    """Keeps the time at which the first step began, and passes on what happens."""

    began: float

    def __init__(self, told: Callable[[str], None]) -> None:
        self.told = told

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        self.began = time.perf_counter()

    def event(self, text: str) -> None:
        self.told(text)
