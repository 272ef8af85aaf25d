from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.kinds.judged import features_of, measured
from sparring.kinds.table import Table


def fitted(frame: pd.DataFrame) -> Table:
    return Table.fit(Dataset(frame), Config(min_count=1))


def test_numbers_are_standardised_by_the_first_rows_and_stand_before_categories() -> None:
    first = pd.DataFrame({"word": ["a", "b", "a", "b"], "x": [0.0, 2.0, 0.0, 2.0]})
    second = pd.DataFrame({"word": ["b"], "x": [5.0]})
    of_first, of_second = features_of(fitted(first).layout.columns, [first, second])
    assert of_first.tolist() == [[-1, 0.5, 0], [1, 0, 0.5], [-1, 0.5, 0], [1, 0, 0.5]]
    assert of_second.tolist() == [[4, 0, 0.5]]


def test_a_column_that_is_all_missing_among_the_rows_judged() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan, np.nan], "b": [1, 2, 3, 4]})
    columns = fitted(frame).layout.columns
    for features in features_of(columns, [frame[2:], frame]):
        assert np.isfinite(features).all()


def test_without_columns_there_are_no_numbers() -> None:
    assert features_of([], [pd.DataFrame({"x": [1, 2]})])[0].shape == (2, 0)


def test_cells_of_another_sort_are_told() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="'a'"):
        measured(fitted(frame).learnt, pd.DataFrame({"a": ["x", "y", "z"]}))
