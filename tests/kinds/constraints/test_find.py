"""Columns that follow from another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparring.kinds.columns.catalogue import fit_column
from sparring.kinds.columns.fit import type_of
from sparring.kinds.columns.keep import Keep
from sparring.kinds.constraints.find import followers

KEEP = Keep(min_count=2)


def found(frame: pd.DataFrame, target: str | None = None, keep: Keep = KEEP) -> dict[Any, Any]:
    columns = [fit_column(frame[c], type_of(frame[c], None, keep), keep=keep) for c in frame]
    return dict(followers(columns, frame, keep, target))


def base(n: int = 600, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    city = random.integers(0, 12, n)
    return pd.DataFrame(
        {
            "noise": random.normal(size=n),
            "city": np.array(list("abcdefghijkl"))[city],
            "number": 100 - city,
            "country": np.array(["x", "y", "z"])[city // 4],
            "other": random.integers(0, 3, n),
            "rare": random.random(n) < 0.01,
        }
    )


def test_of_two_that_tell_each_other_the_first_stays_or_the_target() -> None:
    frame = base()
    assert found(frame) == {"number": "city", "country": "city"}
    assert found(frame[["country", "number", "city"]]) == {"city": "number", "country": "number"}
    assert found(frame.assign(number=frame["number"].astype(str)), "number") == {
        "city": "number",
        "country": "number",
    }


def test_the_target_follows_nothing() -> None:
    assert found(base(), "country") == {"number": "city"}


def test_chains_end_at_a_column_that_is_learnt() -> None:
    frame = base()
    frame["continent"] = frame["country"].map({"x": "one", "y": "two", "z": "two"})
    assert found(frame) == {"number": "city", "country": "city", "continent": "city"}
    assert found(frame[["continent", "country", "noise"]]) == {"continent": "country"}


def test_missing_is_a_value_like_others() -> None:
    frame = base()
    frame["country"] = frame["country"].where(frame["city"] != "a")
    assert found(frame)["country"] == "city"
    some = frame["country"].mask(np.arange(len(frame)) % 50 == 0)
    assert "country" not in found(frame.assign(country=some))
    gone = frame["city"].mask(frame["city"] == "b")
    assert found(frame.assign(city=gone)[["city", "country"]]) == {"country": "city"}


def test_one_row_against_it_is_enough() -> None:
    frame = base()
    frame.loc[17, "country"] = "z" if frame.loc[17, "country"] == "x" else "x"
    assert found(frame) == {"number": "city"}


def test_values_that_are_not_kept_say_nothing() -> None:
    frame = base()
    frame["city"] = frame["city"].astype(object)
    frame.loc[17, "city"] = "one row's own"
    assert found(frame)["country"] == "city"
    # Samples of numbers go on between those that are kept: no table has them all.
    frame["number"] = frame["number"].where(frame.index != 17, 1_000)
    assert "country" not in found(frame[["number", "country"]])


@pytest.mark.parametrize("rows", [8, 20, 60])
def test_tables_of_few_rows_tell_nothing_by_accident(rows: int) -> None:
    for seed in range(6):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {
                "id": random.integers(0, rows // 3, rows).astype(str),
                "flag": random.random(rows) < 0.05,
                "few": random.integers(0, 2, rows),
            }
        ).assign(end=["u"] + ["v"] * (rows - 1))
        frame = frame.loc[:, frame.nunique() > 1]
        assert not found(frame, keep=Keep())


def test_a_flag_that_few_rows_have_is_no_proof() -> None:
    frame = base()
    frame["flag"] = False
    frame.loc[frame.index[frame["city"] == "a"][:2], "flag"] = True
    frame.loc[frame["city"] == "a", "city"] = "b"
    frame.loc[frame["flag"], "city"] = "a"  # two rows, which are one city
    assert "flag" not in found(frame)


def test_one_column_among_many_like_it() -> None:
    random = np.random.default_rng(0)
    many = pd.DataFrame(random.random((1_000, 100)) < 0.02).rename(columns=str)
    twin = many.assign(**{"twin": ~many["7"]})
    assert found(twin, keep=Keep()) == {"twin": "7"}
