import numpy as np
import pandas as pd
import pytest

from sparring.errors import InputError
from sparring.evaluate.columns import Columns


def test_one_encoding_for_all_types_and_frames():
    real = pd.DataFrame(
        {
            "number": [1.5, None],
            "nullable": pd.array([3, None], dtype="Int64"),
            "flag": [True, False],
            "text": ["a", None],
            "category": pd.Categorical(["x", "y"]),
        }
    )
    fake = pd.DataFrame(
        {
            "category": ["y", "z"],
            "text": [None, "b"],
            "flag": [False, False],
            "nullable": [4, 5],
            "number": [2, 3],
        }
    )
    columns = Columns.fit(real, fake)
    assert columns.numeric.tolist() == [True, True, False, False, False]
    nan = np.nan
    np.testing.assert_equal(columns.encode(real), [[1.5, 3, 0, 0, 0], [nan, nan, 1, nan, 1]])
    np.testing.assert_equal(columns.encode(fake), [[2, 4, 1, nan, 1], [3, 5, 1, 1, 2]])


def test_unfitted_category_is_missing():
    columns = Columns.fit(pd.DataFrame({"a": ["x", "y"]}))
    np.testing.assert_equal(columns.encode(pd.DataFrame({"a": ["z", "y"]})), [[np.nan], [1]])


@pytest.mark.parametrize("missing", [[None, None], [np.nan, np.nan], [pd.NA, pd.NA]])
def test_column_without_any_value(missing):
    real = pd.DataFrame({"a": ["x", "y"]})
    fake = pd.DataFrame({"a": missing})
    assert np.isnan(Columns.fit(real, fake).encode(fake)).all()
    assert np.isnan(Columns.fit(fake, fake).encode(fake)).all()


@pytest.mark.parametrize(
    ("fake", "match"),
    [
        (pd.DataFrame({"a": [1], "c": [1]}), "only one has b, c"),
        (pd.DataFrame({"a": ["x"], "b": [1]}), "column 'a' is numeric, but not in both"),
        (pd.DataFrame({"a": [np.inf], "b": [1]}), "column 'a' holds infinity"),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"]), "a column name twice"),
    ],
)
def test_tables_that_do_not_match(fake, match):
    columns = Columns.fit(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    with pytest.raises(InputError, match=match):
        columns.encode(fake)


def test_table_without_columns_or_with_a_name_twice():
    with pytest.raises(InputError, match="at least one column"):
        Columns.fit(pd.DataFrame(index=range(3)))
    with pytest.raises(InputError, match="only once"):
        Columns.fit(pd.DataFrame([[1, 2]], columns=["a", "a"]))
