from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from matplotlib.contour import QuadContourSet

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.fit import fit
from sparring.kinds.style import png
from sparring.model import Model
from sparring.plan import plan
from sparring.report.figures import check_planar, draw_critic, opinion
from tests.conftest import TINY, rows_of, trained

ROWS = rows_of("points")
LABELLED = rows_of("points", labelled=True)


def with_loss(loss: str, level: float) -> Model:
    """A model whose D judges by another loss, its logits moved by `level`."""
    rows = Dataset(np.random.default_rng(0).normal(size=(60, 2)))
    model = fit(plan(rows, Config(**TINY, loss=loss, penalty="none")))
    last = [p for p in model.D.parameters() if p.shape == (1,)][-1]
    last.data += level
    return model


def test_rows_that_lie_in_no_plane() -> None:
    check_planar(trained("points"))
    line = fit(plan(Dataset(np.random.default_rng(0).normal(size=(60, 3))), Config(**TINY)))
    for model, kind in (
        (trained("image"), "image"),
        (trained("table"), "table"),
        (line, r"points of 3 coordinate\(s\)"),
    ):
        with pytest.raises(
            InputError, match=f"2 coordinates only; this .* rows are of kind {kind}$"
        ):
            check_planar(model)
        with pytest.raises(InputError, match="2 coordinates only"):
            draw_critic(model, ROWS)
    packed = fit(plan(ROWS, Config(**TINY | {"pac": 2})))
    for says in (check_planar, lambda model: model.discriminate(ROWS)):
        with pytest.raises(InputError, match=r"D judges 2 rows at once \(pac\)"):
            says(packed)


def test_one_picture_without_labels() -> None:
    figure = draw_critic(trained("points"), ROWS)
    assert figure.get_suptitle() == "D after 3 steps"
    real, fake = figure.axes[0].collections[-2:]
    np.testing.assert_array_equal(real.get_offsets(), ROWS.x)
    assert len(fake.get_offsets()) == 500
    assert png(figure)


def test_a_picture_for_each_label() -> None:
    figure = draw_critic(trained("points", labelled=True), LABELLED)
    panels = figure.axes[:3]
    assert [axes.get_title() for axes in panels] == ["label a", "label b", "label c"]
    for axes, label in zip(panels, "abc", strict=True):
        np.testing.assert_array_equal(
            axes.collections[-2].get_offsets(), LABELLED.x[LABELLED.y == label]
        )
    # Every panel shows D over the whole window.
    fields = [c for axes in panels for c in axes.collections if isinstance(c, QuadContourSet)]
    for field in (f for f in fields if f.filled):
        box = np.concatenate([path.vertices for path in field.get_paths()])
        np.testing.assert_allclose(np.ptp(box, axis=0), np.ptp(panels[0].viewLim.get_points(), 0))


def test_labels_that_are_not_among_the_real_points_are_left_out() -> None:
    few = LABELLED.take(np.flatnonzero(LABELLED.y != "b"))
    figure = draw_critic(trained("points", labelled=True), few)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["label a", "label c"]


def test_many_labels_are_cut_and_told() -> None:
    rows = Dataset(np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 15)
    figure = draw_critic(fit(plan(rows, Config(**TINY))), rows)
    assert figure.get_suptitle() == "D after 3 steps (the first 12 of 15 labels)"


def test_a_conditional_model_asks_for_labels() -> None:
    with pytest.raises(InputError, match="data has no labels; this model is conditional"):
        draw_critic(trained("points", labelled=True), ROWS)


X = np.random.default_rng(1).normal(size=(50, 2))


def test_the_label_is_asked_about() -> None:
    model = trained("points", labelled=True)
    for label in "abc":
        expected = model.discriminate(Dataset(X, np.full(50, label))).numpy()
        # A level is a shift of all logits; what D says of two places stays in order.
        got = opinion(model, X, X, label)(X)
        np.testing.assert_array_equal(np.argsort(got), np.argsort(expected))


@pytest.mark.parametrize("loss", ["non-saturating", "least-squares", "hinge"])
def test_absolute_losses_are_drawn_as_they_are(loss: str) -> None:
    model = with_loss(loss, 1.0)
    expected = model.discriminate(Dataset(X)).numpy()
    np.testing.assert_allclose(opinion(model, X, X + 1)(X), expected, rtol=1e-6)


@pytest.mark.parametrize("loss", ["relativistic", "wasserstein"])
def test_a_free_level_is_put_halfway(loss: str) -> None:
    fake = X + 1
    low, high = (opinion(with_loss(loss, level), X, fake) for level in (0.0, 4.0))
    np.testing.assert_allclose(low(X), high(X), atol=1e-5)
    logits = [torch.logit(torch.from_numpy(high(points))).mean() for points in (X, fake)]
    assert sum(logits) == pytest.approx(0, abs=1e-5)


def test_a_d_that_is_beyond_single_precision_is_drawn() -> None:
    says = opinion(with_loss("relativistic", 100.0), X, X + 1)
    assert np.isfinite(says(X)).all()


def test_the_model_is_not_changed() -> None:
    model = trained("points")
    before = {k: v.clone() for k, v in model.D.state_dict().items()}
    draw_critic(dataclasses.replace(model), ROWS)
    assert all(torch.equal(v, before[k]) for k, v in model.D.state_dict().items())
