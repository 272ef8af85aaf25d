"""Regression lines, intervals, and lines to compare losses with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sparring.errors import InputError
from sparring.report.charts import plot_losses
from sparring.report.recipe_charts import (
    interval,
    plot_intervals,
    plot_regressions,
    with_levels,
)


def test_the_interval_is_students() -> None:
    values = [0.3, 0.5, 0.1, 0.4]
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    mean, half = interval(values)
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert interval([0.7]) == (0.7, 0.0)


def test_every_measurement_is_a_dot_and_every_mean_is_written() -> None:
    figure = plot_intervals({"one": [0.1, 0.3], "other": [0.5]}, label="R²")
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["one", "other"]
    assert [t.get_text() for t in axes.texts] == ["0.20", "0.50"]
    dots = [c.get_offsets() for c in axes.collections if len(c.get_offsets()) > 0]
    assert sum(map(len, dots)) >= 3
    assert axes.get_xlabel() == "R²"
    low, high = axes.get_ylim()
    assert low > high, "the first stands at the top"
    with pytest.raises(InputError, match="at least one measurement"):
        plot_intervals({"none": []}, label="R²")


def test_lines_have_their_slope_and_their_name() -> None:
    points = np.array([[0.0, 1.0], [4.0, 3.0]])
    figure = plot_regressions(points, {"half": (0.5, 1.0)}, names=("a (m)", "b (s)"), of="rows")
    (axes,) = figure.axes
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_xydata(), [[0, 1], [4, 3]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a (m)", "b (s)")
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["rows", "half"]


def test_levels_are_drawn_and_named_once() -> None:
    log = [{"step": i, "critic_loss": 1.0, "generator_loss": 2.0} for i in range(3)]
    figure = with_levels(plot_losses(log), {"ln 2": math.log(2)}, "nats")
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["critic", "generator", "ln 2"]
    axes = figure.axes[0]
    assert axes.get_ylabel() == "loss (nats)"
    assert axes.lines[-1].get_ydata()[0] == pytest.approx(math.log(2))
