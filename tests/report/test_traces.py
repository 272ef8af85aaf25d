"""What the log keeps beside the losses."""

from __future__ import annotations

import math

import pytest

from sparring.errors import InputError
from sparring.report.traces import plot_signals

SIGNALS = ["first_one", "b", "c"]


def test_a_picture_for_each_signal_of_the_log() -> None:
    log = [{"step": i, "first_one": float(i), "b": 10.0**i, "other": 1.0} for i in range(1, 5)]
    axes = [a for a in plot_signals(log, SIGNALS, {"first_one": 9.0}).axes if a.axison]
    assert [a.get_title() for a in axes] == ["first one", "b"]
    assert [a.get_yscale() for a in axes] == ["linear", "log"]
    assert axes[0].lines[0].get_xydata().tolist() == [[i, i] for i in range(1, 5)]
    assert list(axes[0].lines[1].get_ydata()) == [9.0, 9.0]  # what it is held against, in sight
    assert axes[0].get_ylim()[1] > 9
    assert len(axes[1].lines) == 1


def test_what_is_no_number_is_left_out() -> None:
    log = [{"step": 1.0, "b": math.nan}, {"step": 2.0, "b": 3.0}, {"step": 3.0, "b": math.inf}]
    (axes,) = plot_signals(log, SIGNALS).axes
    assert axes.lines[0].get_xydata().tolist() == [[2, 3]]
    assert axes.lines[0].get_marker() == "o"  # a line of one point could not be seen


def test_an_empty_log() -> None:
    for log in ([], [{"step": 1.0, "other": 2.0}], [{"step": 1.0, "b": math.nan}]):
        with pytest.raises(InputError, match="no signals"):
            plot_signals(log, SIGNALS)
