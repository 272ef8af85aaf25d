"""The figures of a fitted GAN; what is in them is tested beside the functions that draw them."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sparring import GAN, load
from sparring.errors import InputError
from sparring.kinds.style import png
from sparring.plots import Plots
from sparring.train.run import read_lines
from tests.conftest import TINY, mixed_table

X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.resize(["a", "b", "c"], 60)
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
TABLE = mixed_table()[["int8", "last", "object"]]
KINDS = {"points": X, "image": IMAGES, "table": TABLE}


def gan(**settings: Any) -> GAN:
    return GAN(**TINY | {"log_every_steps": 1} | settings)


def test_it_must_be_fitted_first() -> None:
    plots = [name for name in vars(Plots) if name.startswith("plot_")]
    assert len(plots) == 4
    for name in plots:
        with pytest.raises(NotFittedError):
            getattr(gan(), name)()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labelled", [False, True])
def test_every_kind_in_one_line(kind: str, labelled: bool) -> None:
    made = gan().fit(KINDS[kind], Y if labelled else None)
    for figure in (made.plot_losses(), made.plot_samples(), made.plot_comparison()):
        assert figure._repr_png_().startswith(b"\x89PNG")
    shown = [axes.get_title() for axes in made.plot_comparison().axes if axes.axison]
    expected = {
        "points": ["48 real points", "2,000 generated points"],
        "image": ["real", "generated"],
        "table": [*TABLE.columns, *(["label"] if labelled else [])],
    }
    for title, start in zip(shown, expected[kind], strict=True):
        assert title.startswith(start)  # how many points lie outside may follow


class TestLosses:
    @pytest.mark.parametrize("run", [True, False])
    def test_the_log_is_there_with_and_without_a_run(self, run: bool, tmp_path: Path) -> None:
        made = gan().fit(X, run=tmp_path / "run" if run else None)
        assert [record["step"] for record in made.log_] == [1, 2, 3]
        if run:
            assert made.log_ == list(read_lines(tmp_path / "run" / "log.jsonl"))
        line = made.plot_losses().axes[0].lines[0]
        assert line.get_ydata().tolist() == [record["critic_loss"] for record in made.log_]

    def test_a_loaded_model_reads_the_log_beside_it(self, tmp_path: Path) -> None:
        made = gan().fit(X, run=tmp_path / "run")
        made.save(tmp_path / "model")
        for path in ("run", "model"):
            assert png(load(tmp_path / path).plot_losses()) == png(made.plot_losses())
        (tmp_path / "model" / "log.jsonl").unlink()
        with pytest.raises(InputError, match="the log is empty, or was not kept with the model"):
            load(tmp_path / "model").plot_losses()

    def test_a_second_fit_has_its_own_log(self) -> None:
        made = gan().fit(X)
        first = made.log_
        assert made.fit(X).log_ is not first
        assert len(made.log_) == 3

    def test_the_equilibrium_is_that_of_the_loss(self) -> None:
        def names(**settings: Any) -> list[str]:
            return [
                t.get_text() for t in gan(**settings).fit(X).plot_losses().legends[0].get_texts()
            ]

        assert names()[2:] == ["critic and generator at equilibrium: ln 2 = 0.693"]
        assert names(loss="hinge")[2:] == ["critic at equilibrium: 2"]
        assert names(loss="non-saturating", label_smoothing=0.1)[2:] == []


class TestSamples:
    def test_how_many_and_which(self) -> None:
        made = gan().fit(X, Y)
        figure = made.plot_samples(7, "a")
        assert figure.axes[0].get_title() == "7 generated points"
        assert made.plot_samples(y=["a", "b", "b"]).axes[0].get_title() == "3 generated points"
        np.testing.assert_array_equal(
            made.plot_samples(7, "a", seed=3).axes[0].collections[0].get_offsets(),
            made.sample(7, "a", seed=3),
        )

    def test_the_same_every_time_until_another_seed(self) -> None:
        made = gan().fit(X)
        first = png(made.plot_samples())
        made.sample(5)
        assert png(made.plot_samples()) == first
        assert png(made.plot_samples(seed=1)) != first

    def test_images_in_columns(self) -> None:
        wide, high = gan().fit(IMAGES).plot_samples(8, columns=8).get_size_inches()
        assert wide > 4 * high

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [({"n": 0}, "cannot draw 0 samples"), ({"y": "d"}, "unknown label 'd'")],
    )
    def test_what_cannot_be_drawn(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(InputError, match=message):
            gan().fit(X, Y).plot_samples(**arguments)


class TestRealRows:
    def test_those_that_are_given(self) -> None:
        made = gan().fit(X)
        assert made.plot_comparison(X[:9], n=5).axes[0].get_title() == "9 real points"
        assert len(made.plot_critic(X[:9]).axes[0].collections[-2].get_offsets()) == 9

    def test_labels_beside_them(self) -> None:
        made = gan().fit(X, Y)
        figure = made.plot_critic(X[:6], Y[:6])
        assert [axes.get_title() for axes in figure.axes[:3]] == ["label a", "label b", "label c"]
        with pytest.raises(InputError, match="data has no labels; this model is conditional"):
            made.plot_critic(X[:6])

    def test_those_of_training_are_read_again(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", X)
        made = gan().fit(str(tmp_path / "a.npy"))
        made.save(tmp_path / "model")
        loaded = load(tmp_path / "model")
        assert png(loaded.plot_comparison()) == png(made.plot_comparison())
        assert png(loaded.plot_critic()) == png(made.plot_critic())

    def test_those_that_are_gone(self, tmp_path: Path) -> None:
        made = gan().fit(X)
        made.save(tmp_path)
        for other in (load(tmp_path), pickle.loads(pickle.dumps(made))):
            with pytest.raises(InputError, match="trained on rows in memory: give rows"):
                other.plot_comparison()
            assert other.plot_comparison(X[:9])
            assert other.plot_critic(X[:9])
            assert other.plot_losses()

    def test_those_that_do_not_fit(self) -> None:
        with pytest.raises(ValueError, match="X has 3 features, but GAN is expecting 2"):
            gan().fit(X).plot_comparison(np.zeros((5, 3)))
        with pytest.raises(InputError, match="image"):
            gan().fit(IMAGES).plot_comparison(IMAGES[:, :4, :4])


@pytest.mark.parametrize("kind", ["image", "table"])
def test_d_of_other_rows_is_one_error_before_any_row_is_read(kind: str, tmp_path: Path) -> None:
    gan().fit(KINDS[kind]).save(tmp_path)
    with pytest.raises(InputError, match="D can be drawn over points of 2 coordinates only"):
        load(tmp_path).plot_critic()


def test_one_line_is_all_that_is_asked() -> None:
    for name in ("plot_losses", "plot_samples", "plot_comparison", "plot_critic"):
        parameters = list(inspect.signature(getattr(GAN, name)).parameters.values())[1:]
        assert all(p.default is not p.empty for p in parameters), name


def test_a_report_of_what_was_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.report.parts.png", lambda figure: b"")  # which takes the time
    fitted = gan().fit(X)
    path = fitted.report(tmp_path / "r.html", baselines=["gaussian"])
    assert path == tmp_path / "r.html"
    assert "48 rows to learn from, 12 to judge by" in path.read_text()
    assert "gaussian (one bell curve)" in path.read_text()
    fitted.save(tmp_path / "model")
    text = load(tmp_path / "model").report(tmp_path / "again.html").read_text()
    assert "trained on rows in memory" in text
    assert "There are no scores." in text
    with pytest.raises(NotFittedError):
        gan().report(tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()
