from __future__ import annotations

import datetime
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.data.tables import check_table, pick_columns, read_csv
from sparring.errors import InputError


def csv_file(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_dtypes(tmp_path: Path) -> None:
    text = (
        "i,holes,f,b,maybe,s\n"
        "1,7,.5,True,True, x\n"
        "2,?,1e3,False,?,?\n"
        "9007199254740993,8,3,True,,y\n"
    )
    frame = read_csv(csv_file(tmp_path, text))
    dtypes = ["int64", "Int64", "float64", "bool", "boolean", str(pd.Series(["a"]).dtype)]
    assert [str(dtype) for dtype in frame.dtypes] == dtypes
    assert frame["i"].tolist() == [1, 2, 9007199254740993]
    assert frame["holes"].isna().tolist() == [False, True, False]
    assert frame["s"].tolist()[::2] == ["x", "y"]
    assert frame["s"].isna().tolist() == [False, True, False]


def test_spaces_after_commas_and_question_marks(tmp_path: Path) -> None:
    frame = read_csv(csv_file(tmp_path, 'age, work\n39, State-gov\n50, ?\n51, "a, b"\n'))
    assert list(frame) == ["age", "work"]
    assert frame["work"].tolist()[::2] == ["State-gov", "a, b"]
    assert frame["work"].isna().sum() == 1


def test_none_and_na_are_categories_among_words_and_missing_among_numbers(tmp_path: Path) -> None:
    frame = read_csv(
        csv_file(tmp_path, "area,garage,n,f\nNA,None,NA,1.5\nEU,Attached,3,N/A\nNA,None,4,-2\n")
    )
    assert frame["area"].tolist() == ["NA", "EU", "NA"]
    assert frame["garage"].tolist() == ["None", "Attached", "None"]
    assert str(frame["n"].dtype) == "Int64"
    assert frame["n"].isna().tolist() == [True, False, False]
    assert frame["f"].dtype == np.float64
    assert frame["f"].isna().tolist() == [False, True, False]


def test_a_column_of_nothing_but_a_word_stays_a_word(tmp_path: Path) -> None:
    assert read_csv(csv_file(tmp_path, "a,b\nNone,1\nNone,2\n"))["a"].tolist() == ["None"] * 2


@pytest.mark.parametrize("name", ["a.tsv", "a.csv.gz", "A.TSV.GZ"])
def test_other_separators_and_gzip(tmp_path: Path, name: str) -> None:
    text = "\ufeffa,b\n1,x\n\n2,y\n".replace(",", "\t" if "tsv" in name.lower() else ",").encode()
    text = gzip.compress(text) if name.lower().endswith("gz") else text
    frame = read_csv(csv_file(tmp_path, text, name))
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(codec="utf-8", categories=["L", "P"]), min_size=2).filter(
    lambda word: (
        word.lower() not in ("nan", "null", "<na>", "na", "n/a", "none", "true", "false")
        and word.lower().strip("+-") not in ("inf", "infinity")
    )
)


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), finite, words), min_size=2))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, float, str]]
) -> None:
    frame = pd.DataFrame(rows, columns=["i", "f", "s"])
    folder = tmp_path_factory.mktemp("table")
    frame.to_csv(folder / "a.csv", index=False)
    pd.testing.assert_frame_equal(read_csv(folder / "a.csv"), frame)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,c\n1,2,3\n4,5\n", "line 3: found 2 fields, expected 3"),
        ("a,b,c\n1,2,3\n4,5,6,7\n", "line 3: found 4 fields, expected 3"),
        ('a,b\n"1\n2",x\n3\n', "line 4: found 1 fields, expected 2"),
        ("", "empty file"),
        ("\n \n", "empty file"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n\n", "a header but no rows"),
        ("a, b,a\n1,2,3\n", "column name 'a' is used twice"),
        (b"a,b\n1,x\n2,caf\xe9\n3,y\n", "line 3: not UTF-8 text"),
        ("a,b\n1,2\n".encode("utf-16"), "line 1: not UTF-8 text"),
        ("a,b\n1," + 200_000 * "x" + "\n", "not a CSV file"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = csv_file(tmp_path, text)
    with pytest.raises(InputError, match=message) as error:
        read_csv(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"a,b\n", gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:30]])
def test_damaged_gzip(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"data\.csv\.gz: damaged gzip file"):
        read_csv(csv_file(tmp_path, content, "data.csv.gz"))


def test_pick_columns_keeps_the_order_of_the_table() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    assert list(pick_columns(frame, ["c", "a"], "t")) == ["a", "c"]
    with pytest.raises(
        InputError, match=r"t: unknown column 'bb'; did you mean 'b'\? \(valid: a, b, c"
    ):
        pick_columns(frame, ["bb"], "t")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [1]}), "n = 1 rows"),
        (pd.DataFrame({"a": []}), "n = 0 rows"),
        (pd.DataFrame(index=range(3)), "no columns"),
        (pd.DataFrame({"a": [1, np.inf]}), r"column 'a', row 1 \(from 0\): inf"),
        (pd.DataFrame({"a": pd.array([-np.inf, None], "Float64")}), "row 0 .*: -inf"),
        (pd.DataFrame({"a": [1, 1], "b": ["x", "x"]}), "every column is constant"),
        (pd.DataFrame({"a": [1, 1], "b": [None, None]}), "every column is constant"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "column name 'a' is used twice"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=[1, "1"]), "column name '1' is used twice"),
        (pd.DataFrame({"a": [1.0, np.inf]}, dtype="double[pyarrow]"), r"column 'a', row 1 .*: inf"),
        (pd.DataFrame({("a", 1): [1, 2], "b": [1, 2]}), r"column name \('a', 1\) \(accepted: text"),
        (pd.DataFrame({"a": [[1], [2]]}), "column 'a': holds list values"),
        (pd.DataFrame({"b": [1, 2], "a": [None, {1}]}), "column 'a': holds set values"),
        (
            pd.DataFrame({"b": [1, 2, 3, 4], "a": ["x", None, 7, "y"]}),
            r"column 'a', row 2 \(from 0\): 7 is a number where others are a text",
        ),
        (
            pd.DataFrame({"a": pd.Series([1.5, 2, True, 3], dtype=object)}),
            r"column 'a', row 2 \(from 0\): True is a boolean where others are a number",
        ),
        (
            pd.DataFrame({"a": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), "soon"]}),
            "row 2 .*: 'soon' is a text where others are a date",
        ),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([(1, 2), (3, 4)])), "2 levels"),
    ],
)
def test_tables_that_cannot_be_learned_from(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=f"^t[:,].*{message}"):
        check_table(frame, "t")


def test_some_missing_and_some_constant_is_fine() -> None:
    check_table(pd.DataFrame({"a": [1, None], "b": ["x", "x"]}), "t")
    check_table(pd.DataFrame({"a": pd.array([1, None], "Int64")}), "t")


def test_one_sort_of_objects_is_fine() -> None:
    moment = datetime.datetime(2020, 1, 1)
    for cells in ([1, 2.5, None], ["a", None], [True, np.True_], [moment, pd.Timestamp(moment)]):
        column = pd.Series(cells, dtype=object)
        check_table(pd.DataFrame({"a": column, "b": range(len(cells))}), "t")
