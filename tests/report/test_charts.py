from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError
from sparring.kinds.style import png
from sparring.objective.losses import LOSSES
from sparring.report.charts import plot_comparison, plot_curve, plot_losses, plot_samples

RANDOM = np.random.default_rng(0)
LOG = [
    {"step": 25 * i, "seconds": 0.1, "critic_loss": 1.0 / i, "generator_loss": 2.0 - 1 / i}
    for i in range(1, 9)
]


def legend(figure: Figure) -> list[str]:
    return [t.get_text() for key in figure.legends for t in key.get_texts()]


def dashed(axes: Axes) -> list[float]:
    """The levels of the dashed lines."""
    return [float(line.get_ydata()[0]) for line in axes.lines if line.get_linestyle() == "--"]


class TestLosses:
    def test_both_players_over_the_steps(self) -> None:
        figure = plot_losses(LOG, title="moons")
        (axes,) = figure.axes
        critic, generator = axes.lines
        assert critic.get_xdata().tolist() == [record["step"] for record in LOG]
        assert critic.get_ydata().tolist() == [record["critic_loss"] for record in LOG]
        assert generator.get_ydata().tolist() == [record["generator_loss"] for record in LOG]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
        assert legend(figure) == ["critic", "generator"]
        assert figure.get_suptitle() == "moons"

    @pytest.mark.parametrize(
        ("loss", "levels", "words", "unit"),
        [
            ("non-saturating", [2 * math.log(2), math.log(2)],
             ["critic at equilibrium: 2 ln 2 = 1.386", "generator at equilibrium: ln 2 = 0.693"],
             "loss (nats)"),
            ("minimax", [2 * math.log(2), -math.log(2)],
             ["critic at equilibrium: 2 ln 2 = 1.386", "generator at equilibrium: -ln 2 = -0.693"],
             "loss (nats)"),
            ("relativistic", [math.log(2)],
             ["critic and generator at equilibrium: ln 2 = 0.693"], "loss (nats)"),
            ("least-squares", [0.25, 0.125],
             ["critic at equilibrium: 0.25", "generator at equilibrium: 0.125"], "loss"),
            ("hinge", [2.0], ["critic at equilibrium: 2"], "loss"),
            ("wasserstein", [0.0], ["critic at equilibrium: 0"], "loss"),
        ],
    )  # fmt: skip
    def test_where_the_game_ends(
        self, loss: str, levels: list[float], words: list[str], unit: str
    ) -> None:
        figure = plot_losses(LOG, loss=loss)
        assert dashed(figure.axes[0]) == pytest.approx(levels)
        assert legend(figure)[2:] == words
        assert figure.axes[0].get_ylabel() == unit
        low, high = figure.axes[0].get_ylim()
        assert all(low < level < high for level in levels)

    @pytest.mark.parametrize("loss", LOSSES)
    def test_every_loss_can_be_drawn(self, loss: str) -> None:
        assert png(plot_losses(LOG, loss=loss))

    def test_a_player_whose_loss_is_not_logged_is_left_out(self) -> None:
        warm_up = [{"step": r["step"], "critic_loss": r["critic_loss"]} for r in LOG]
        figure = plot_losses(warm_up, loss="non-saturating")
        assert legend(figure) == ["critic", "critic at equilibrium: 2 ln 2 = 1.386"]

    def test_a_long_log_is_drawn_with_its_running_mean(self) -> None:
        values = RANDOM.normal(size=1_000)
        log = [{"step": i, "critic_loss": v, "generator_loss": 3.0} for i, v in enumerate(values)]
        figure = plot_losses(log)
        raw, mean, _, constant = figure.axes[0].lines
        assert raw.get_ydata().tolist() == values.tolist()
        for x, y in list(zip(mean.get_xdata(), mean.get_ydata(), strict=True))[::100]:
            assert y == pytest.approx(values[x - 5 : x + 5].mean())
        assert constant.get_ydata() == pytest.approx(3.0)
        assert legend(figure)[0] == "critic, mean of 10 lines of the log"

    def test_one_record_is_a_point(self) -> None:
        assert [line.get_marker() for line in plot_losses(LOG[:1]).axes[0].lines] == ["o", "o"]

    @pytest.mark.parametrize("log", [[], [{"step": 3}]])
    def test_no_losses(self, log: list[dict[str, float]]) -> None:
        with pytest.raises(InputError, match="no losses to draw: the log is empty"):
            plot_losses(log)

    def test_an_unknown_loss(self) -> None:
        with pytest.raises(ConfigError, match=r"unknown loss 'hing'; did you mean 'hinge'\?"):
            plot_losses(LOG, loss="hing")


class TestCurves:
    X = np.linspace(-5, 5, 40)

    def test_errors_are_vertical_distances_to_the_curve(self) -> None:
        real = np.stack([self.X, np.sin(self.X)], axis=1)
        miss = np.resize([0.3, -0.4], 40)
        figure = plot_curve(real, real + np.stack([0 * miss, miss], axis=1), np.sin, title="sine")
        above, below = figure.axes
        shown = below.collections[0].get_offsets()
        np.testing.assert_allclose(shown, np.stack([self.X, miss], axis=1), atol=1e-12)
        assert "root mean square 0.354" in below.get_title()  # sqrt((.09 + .16) / 2)
        x, y = above.lines[0].get_data()
        np.testing.assert_allclose(y, np.sin(x))
        assert (x[0], x[-1]) == (-5, 5)
        assert legend(figure) == ["true curve", "40 real points", "40 generated points"]
        assert above.get_xlim() == below.get_xlim()
        assert [a.get_ylabel() for a in figure.axes] == ["x1", "error of x1"]
        assert below.get_xlabel() == "x0"

    def test_points_beyond_the_window_are_counted(self) -> None:
        real = np.stack([self.X, np.sin(self.X)], axis=1)
        fake = np.r_[real[:5], [[50.0, 0.0], [0.0, 9.0]]]
        figure = plot_curve(real, fake, np.sin)
        assert legend(figure)[2] == "7 generated points, 2 outside"
        assert png(figure)


class TestComparisons:
    def test_points_on_common_axes(self) -> None:
        sets = {name: RANDOM.normal(size=(30 + i, 2)) for i, name in enumerate("abcd")}
        figure = plot_comparison(sets, names=["height", "weight"], title="t")
        limits = {(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes[:4]}
        assert len(limits) == 1
        for axes, (name, points) in zip(figure.axes, sets.items(), strict=False):
            assert axes.get_title() == f"{name}\n{len(points)} rows"
            assert len(axes.collections[0].get_offsets()) == len(points)
        assert [a.get_xlabel() for a in figure.axes[:4]] == ["", "height", "height", "height"]
        assert [a.get_ylabel() for a in figure.axes[:4]] == ["weight", "", "", "weight"]
        assert png(figure)

    def test_whole_numbers_are_marks_whose_area_is_their_share(self) -> None:
        few = np.array([[0, 0], [0, 0], [0, 0], [5, 5]])
        many = np.repeat([[0, 0], [1, 1]], 50, axis=0)
        figure = plot_comparison({"few": few, "many": many})
        (first,), (second,) = (axes.collections for axes in figure.axes)
        assert first.get_offsets().tolist() == [[0, 0], [5, 5]]
        areas = np.r_[first.get_sizes(), second.get_sizes()]
        assert areas / areas[0] == pytest.approx([1, 1 / 3, 2 / 3, 2 / 3])
        assert "area of a mark" in figure.get_supxlabel()

    def test_other_numbers_are_points_alike(self) -> None:
        figure = plot_comparison({"a": np.array([[0.5, 0], [0.5, 0], [1, 1]])})
        (marks,) = figure.axes[0].collections
        assert len(marks.get_offsets()) == 3
        assert len(marks.get_sizes()) == 1
        assert figure.get_supxlabel() == ""

    @pytest.mark.parametrize("columns", [1, 3])
    def test_other_columns_by_themselves(self, columns: int) -> None:
        sets = {"a": RANDOM.normal(size=(30, columns)), "b": RANDOM.normal(size=(9, columns))}
        figure = plot_comparison(sets)
        assert [axes.get_title() for axes in figure.axes] == [f"x{i}" for i in range(columns)]
        assert legend(figure) == ["a", "b"]

    @pytest.mark.parametrize(
        ("sets", "names", "message"),
        [
            ({}, [], "at least one set"),
            ({"a": np.zeros((0, 2))}, [], "at least one set"),
            ({"a": np.zeros((3, 2)), "b": np.zeros((3, 3))}, [], "the same d"),
            ({"a": np.zeros(3)}, [], r"rows \(n, d\)"),
            ({"a": np.zeros((3, 2))}, ["x"], r"1 name\(s\) for 2 column\(s\)"),
        ],
    )
    def test_sets_that_cannot_be_compared(
        self, sets: dict[str, Any], names: list[str], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            plot_comparison(sets, names=names)


def test_samples_are_drawn_alone_or_beside_real_ones() -> None:
    points = Dataset(RANDOM.normal(size=(9, 2)))
    images = Dataset(RANDOM.integers(0, 256, (9, 8, 8, 1), dtype=np.uint8))
    assert len(plot_samples(points).axes) == len(plot_samples(images).axes) == 1
    assert len(plot_samples(points, points).axes) == len(plot_samples(images, images).axes) == 2
    wide, high = plot_samples(images, columns=9).get_size_inches()
    assert wide > 5 * high


def test_figures_are_the_same_every_time() -> None:
    points = RANDOM.normal(size=(9, 2))
    first, second = (png(plot_comparison({"a": points}, title="t")) for _ in range(2))
    assert first == second
