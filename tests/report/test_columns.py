"""Where columns and pairs of them are off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sparring.errors import InputError
from sparring.kinds.style import png
from sparring.report.columns import MOST_CATEGORIES, MOST_COLUMNS, plot_errors, plot_pairs

RANDOM = np.random.default_rng(0)


def errors_of(d: int) -> pd.DataFrame:
    half = np.triu(RANDOM.random((d, d)), 1)
    names = [f"c{i}" for i in range(d)]
    return pd.DataFrame(half + half.T, index=names, columns=names)


def test_the_matrix_says_every_error() -> None:
    errors = errors_of(3)
    axes = plot_errors(errors).axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["c0", "c1", "c2"]
    cells = axes.images[0].get_array()
    assert cells.mask.diagonal().all()  # a column with itself is no pair
    assert np.allclose(cells.filled(0), errors)
    told = {(t.get_position()[1], t.get_position()[0]): float(t.get_text()) for t in axes.texts}
    assert told[(0, 2)] == pytest.approx(errors.iloc[0, 2], abs=0.005)


def test_of_many_columns_those_that_are_off_most() -> None:
    errors = errors_of(MOST_COLUMNS + 4)
    errors.iloc[:4], errors.iloc[:, :4] = 0.0, 0.0
    axes = plot_errors(errors).axes[0]
    assert len(axes.get_xticklabels()) == MOST_COLUMNS
    assert "c3" not in [t.get_text() for t in axes.get_xticklabels()]
    assert not axes.texts  # too small to be read


def test_one_column_has_no_pair() -> None:
    with pytest.raises(InputError, match="only one column"):
        plot_errors(errors_of(1))
    with pytest.raises(InputError, match="no pair"):
        plot_pairs({}, {}, [])


def test_pairs_of_numbers_and_categories() -> None:
    real = {
        "n": pd.Series(RANDOM.normal(size=50), name="n"),
        "k": pd.Series(RANDOM.integers(0, 3, 50), name="k in units"),
        "<b>$": pd.Series(RANDOM.choice(["a", "b", None], 50), name="<b>$"),
        4: pd.Series([f"v{i}" for i in range(50)], name="4"),
    }
    fake = {key: column.iloc[:20] for key, column in real.items()}
    figure = plot_pairs(real, fake, [("n", "k"), ("k", "<b>$"), ("n", 4)])
    left, right = figure.axes[::2], figure.axes[1::2]
    assert [a.get_title() for a in figure.axes] == ["real", "generated"] * 3
    assert [a.get_xlim() for a in left] == [a.get_xlim() for a in right]
    assert left[1].get_xlabel() == "k in units"
    assert left[1].get_ylabel() == r"<b>\$"
    for axes in left:  # no row lies outside, however it was moved
        (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        places = axes.collections[0].get_offsets().data
        places = places[np.isfinite(places).all(1)]
        assert ((places >= (low, bottom)) & (places <= (high, top))).all()
    assert len(left[2].get_yticklabels()) == MOST_CATEGORIES
    assert png(figure)
