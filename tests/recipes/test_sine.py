"""What is measured of samples that should lie on the sine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sparring.config import Config
from sparring.model import Model
from sparring.plan import plan
from sparring.recipes import sine
from sparring.recipes.base import Trained
from sparring.recipes.sine import coverage, loss_levels, measure, points


def test_every_seed_has_its_own_points_on_the_curve() -> None:
    first, second = (points(256, 10.0, seed, False).x for seed in (0, 1))
    assert not np.array_equal(first, second)
    np.testing.assert_allclose(first[:, 1], np.sin(first[:, 0]), atol=1e-6)
    assert np.abs(points(32, 8.0, 0, False).x[:, 0]).max() <= 4


def test_coverage_counts_the_bins_that_are_reached() -> None:
    x = np.linspace(-5, 5, 5_000, endpoint=False)
    assert coverage(np.c_[x, x], 10.0) == 1
    assert coverage(np.c_[np.abs(x), x], 10.0) == 0.5
    assert coverage(np.c_[x + 100, x], 10.0) == 0


def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: float) -> Trained:
    """A run whose samples are the sine, moved up."""
    rows = points(64, 10.0, 0, False)
    planned = plan(rows, Config(steps=1, width=4, depth=1, loss="non-saturating", penalty="none",
                                gamma=0.0))  # fmt: skip
    trainer = planned.build()
    model = Model(planned.config, planned.kind, trainer.average.net, trainer.D)
    true = points(sine.SAMPLES, 10.0, 5, False).x + np.array([0.0, shift])
    monkeypatch.setattr(Trained, "draw", lambda self, n: true[:n])
    lines = [f'{{"step": {i}, "critic_loss": 1.5, "generator_loss": {i}}}' for i in range(100)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    return Trained(tmp_path, model, rows, 0, False)


def test_the_error_of_a_shifted_curve_is_its_shift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = measure(10.0, trained(tmp_path, monkeypatch, 0.3))
    assert values["rms"] == pytest.approx(0.3, rel=1e-5)
    assert values["close"] == 0
    assert values["coverage"] == 1
    # The sine's own standard deviation on [-5, 5] is .73: shuffled, it misses by about its double.
    assert 0.9 < values["shuffled"] < 1.2
    assert values["distance"] > 2 * values["floor of distance"]


def test_a_perfect_curve_has_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = measure(10.0, trained(tmp_path, monkeypatch, 0.0))
    assert values["rms"] < 1e-6
    assert values["close"] == 1


def test_losses_are_taken_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = loss_levels(trained(tmp_path, monkeypatch, 0.0))
    assert levels["critic_loss"] == 1.5
    assert levels["generator_loss"] == 94.5
    assert levels["early"] == pytest.approx(np.arange(10).std())
    assert levels["late"] == pytest.approx(np.arange(10).std())
