"""Fitting and scoring several methods alike."""

from __future__ import annotations

import signal
import time

import numpy as np
import pytest

from sparring.baselines import nets
from sparring.baselines.catalogue import BASELINES
from sparring.baselines.densities import Mixture
from sparring.compare import METHODS, compare
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError, InputError
from sparring.kinds.catalogue import KINDS
from sparring.plan import Plan
from sparring.train.trainer import Trainer
from tests.conftest import TINY, rows_of, settings_of

METRICS = ("frechet", "closer")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nets, "WIDTH", 8)
    monkeypatch.setattr(nets, "DEPTH", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_is_scored_under_every_seed(kind: str) -> None:
    config = Config(**settings_of(kind, labelled=True, seed=5))
    rows = rows_of(kind, 200, labelled=True)
    found = compare(rows, config, seeds=2, metrics=METRICS)
    assert found.methods == METHODS
    assert found.seeds == (5, 6)
    assert found.skipped == {}
    assert (found.train_rows, found.holdout_rows) == (160, 40)
    for row in found.standings:
        assert set(row.values) == set(METHODS)
        assert np.isfinite([*row.values.values(), row.floor]).all()
    assert found.copying == {"bootstrap"}


def test_all_methods_see_one_split_and_each_seed_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    for baseline in ("gaussian", "copula"):
        original = BASELINES[baseline].fit

        def fit(self, x, y, seed, seconds, original=original):  # type: ignore[no-untyped-def]
            seen.append(x)
            original(self, x, y, seed, seconds)

        monkeypatch.setattr(BASELINES[baseline], "fit", fit)
    rows = rows_of("points", 100)
    found = compare(rows, Config(**TINY), ["gaussian", "copula"], seeds=2, metrics=METRICS)
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[2], seen[3])
    assert not np.array_equal(seen[0], seen[2])
    floors = {t.method: t.scores[0].floor for t in found.trials if t.seed == 0}
    assert floors["gaussian"] == floors["copula"]


def test_the_same_comparison_has_the_same_figures() -> None:
    methods = ["gan", "bootstrap", "gmm", "kde", "smote"]
    rows = rows_of("points", 100, labelled=True)
    runs = [compare(rows, Config(**TINY), methods, seeds=1, metrics=METRICS) for _ in range(2)]
    assert runs[0].standings == runs[1].standings


def test_the_clock_is_that_of_the_gan_or_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []
    monkeypatch.setattr(
        BASELINES["flow"], "fit", lambda self, x, y, seed, seconds: spent.append(seconds)
    )
    monkeypatch.setattr(BASELINES["flow"], "sample", lambda self, n, y, seed: np.zeros((n, 2)))
    rows = rows_of("points", 60)
    with monkeypatch.context() as slow:
        # What follows the steps counts: a table's Gibbs sweep takes longer than short trainings.
        slow.setattr("sparring.fit.finished", lambda model, train: time.sleep(0.7) or model.G)
        compare(rows, Config(**TINY), ["flow", "gan"], seeds=1, metrics=METRICS)
    assert spent[0] >= 0.7
    config = Config(**TINY).replace({"minutes": 0.5})
    compare(rows, config, ["flow"], seeds=1, metrics=METRICS)
    assert spent[1] == 30.0


def test_a_method_that_fails_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mixture, "least_rows", 1_000)
    told: list[str] = []
    found = compare(
        rows_of("points", 60), Config(**TINY), ["gan", "gmm", "kde"], seeds=2, metrics=METRICS,
        told=told.append,
    )  # fmt: skip
    reason = "there are 48 row(s) to learn from; at least 1000 are needed"
    assert found.skipped == {"gmm": f"seed 0: {reason}"}
    assert f"seed 1: gmm skipped: {reason}" in told
    assert set(found.standings[0].values) == {"gan", "kde"}


def test_a_gan_that_diverges_does_not_end_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(planned: Plan, **arguments: object) -> None:
        raise DivergedError("a loss became nan")

    monkeypatch.setattr("sparring.compare.fit", diverge)
    found = compare(
        rows_of("points", 60), Config(**TINY), ["gan", "kde", "flow"], seeds=1, metrics=METRICS
    )
    assert "a loss became nan" in found.skipped["gan"]
    assert found.skipped["flow"] == "seed 0: it trains for as long as the GAN, which failed"
    assert set(found.standings[0].values) == {"kde"}
    assert found.verdict.startswith("The GAN failed (seed 0: a loss became nan")


def test_ctrl_c_ends_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Plan.build

    def build(self: Plan) -> Trainer:
        trainer = begin(self)
        if len(self.train) > 2:
            signal.raise_signal(signal.SIGINT)
        return trainer

    monkeypatch.setattr(Plan, "build", build)
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            compare(rows_of("points", 60), Config(**TINY), ["gan", "kde"], metrics=METRICS)
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_the_gan_trains_ends_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Trainer._step

    def stopped(self: Trainer) -> None:
        step(self)
        if self.step == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Trainer, "_step", stopped)
    with pytest.raises(KeyboardInterrupt):
        compare(rows_of("points", 60), Config(**TINY), ["gan", "kde"], metrics=METRICS)


def refused(match: str, rows: Dataset, methods: list[str], **settings: object) -> None:
    seeds = int(str(settings.pop("seeds", 1)))
    with pytest.raises((ConfigError, InputError), match=match):
        compare(rows, Config(**TINY).replace(settings), methods, seeds=seeds, metrics=METRICS)


def test_refusals() -> None:
    rows = rows_of("points", 60)
    refused(r"unknown method 'gans'; did you mean 'gan'\? \(valid: gan, boot", rows, ["gans"])
    refused("no method is named", rows, [])
    refused("0 seeds", rows, ["gan"], seeds=0)
    refused("flow trains by the clock: give minutes, or gan as a method too", rows, ["kde", "flow"])
    refused(r"data: 0 row\(s\) held out; give a larger holdout", rows, ["kde"], holdout=0.0)
    with pytest.raises(ConfigError, match="unknown metric 'recal'"):
        compare(rows, Config(**TINY), ["kde"], metrics=["recal"])
