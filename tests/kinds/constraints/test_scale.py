"""Cells as places on a line, and the cells next to a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.errors import InputError
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.constraints.scale import Scale, unit_of
from tests.kinds.columns.conftest import fitted

DAYS = pd.Series(pd.date_range("2020-01-01", "2020-12-31", freq="D"), name="day")
COLUMNS: dict[str, pd.Series] = {
    "whole": pd.Series([1, 5, 5, 9]),
    "two decimals": pd.Series([0.25, 1.5, 1.5, 9.01]),
    "float": pd.Series(np.random.default_rng(0).random(50)),
    "single": pd.Series(np.random.default_rng(0).random(50).astype(np.float32)),
    "days": DAYS,
    "days on a wall": DAYS.dt.tz_localize("Europe/Berlin"),
    "days as text": DAYS.dt.strftime("%d.%m.%Y"),
    "hours": pd.Series(pd.to_timedelta([1, 2, 2, 5], "h")),
    "nanoseconds": pd.Series(pd.to_datetime([3, 4, 4, 10**12], unit="ns")),
}


def scale(name: str) -> Scale:
    column: Any = fitted(COLUMNS[name].rename(name))
    assert isinstance(column, (NumberColumn, MomentColumn))
    return Scale(column, unit_of([column]))


@pytest.mark.parametrize("name", COLUMNS)
def test_cells_are_places_and_come_back(name: str) -> None:
    of, cells = scale(name), COLUMNS[name].rename(name)
    places, present = of.read(cells)
    assert present.all()
    assert (np.diff(np.sort(places)) >= 0).all()
    pd.testing.assert_series_equal(of.cells(places, ~present), cells, check_exact=True)
    np.testing.assert_array_equal(of.near(places), places)
    np.testing.assert_array_equal(of.up(places, strictly=False), places)
    np.testing.assert_array_equal(of.down(places, strictly=False), places)
    assert of.ends == (places.min(), places.max())


@settings(max_examples=60)
@given(name=st.sampled_from(list(COLUMNS)), share=st.floats(0.001, 0.99))
def test_the_next_cell_is_on_the_side_that_was_asked_for(name: str, share: float) -> None:
    of = scale(name)
    low, high = of.ends
    place = np.array([low + share * (high - low)]).astype(of.dtype)
    cells = {
        (side, strictly): getattr(of, side)(place, strictly=strictly)
        for side in ("up", "down")
        for strictly in (False, True)
    }
    assert cells["down", True] < place < cells["up", True]
    assert cells["down", True] <= cells["down", False] <= place
    assert place <= cells["up", False] <= cells["up", True]
    assert of.near(place) in (cells["down", False], cells["up", False])
    for found in cells.values():  # each is a cell's
        there = of.read(of.cells(found, np.array([False])))[0]
        np.testing.assert_array_equal(there, found)


def test_moments_are_counted_in_the_finest_unit() -> None:
    seconds = fitted(DAYS.astype("datetime64[s]"))
    assert isinstance(seconds, MomentColumn)
    of = Scale(seconds, "ns")
    assert of.read(DAYS)[0][0] == pd.Timestamp("2020-01-01").value
    with pytest.raises(InputError, match="column 'day'"):
        of.read(pd.Series(["9999-01-01"], name="day").astype("datetime64[s]"))
    missing = of.read(pd.Series([pd.NaT], name="day"))
    assert missing[1].tolist() == [False]
