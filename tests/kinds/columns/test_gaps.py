from __future__ import annotations

import numpy as np
import pandas as pd

from sparring.config import Config
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.fit import fit_columns
from sparring.kinds.columns.gaps import gaps_of, with_gaps
from sparring.kinds.columns.keep import KEEP_ALL

FRAME = pd.DataFrame(
    {
        "a": [1.0, np.nan, 3.0, 4.0],
        "b": ["x", None, "y", "x"],
        "c": ["x", "y", None, None],
        "d": pd.to_datetime(["2020", None, "2021", "2022"], format="%Y"),
        "e": [None, "y", "x", "y"],
        "f": ["x", "y", None, None],
        "g": [1, 2, 3, 4],
        "empty": [None] * 4,
    }
)


def test_columns_share_a_gap_where_the_same_rows_are_missing() -> None:
    columns = list(fit_columns(FRAME, Config(), KEEP_ALL, "t")[0].values())
    gaps = gaps_of(columns, FRAME)
    # One column of a few categories alone ("e") has missing among these; a constant is not learnt.
    assert gaps == (("a", "b", "d"), ("c", "f"))
    changed = {c.name: c for c in with_gaps(columns, gaps) if isinstance(c, CategoryColumn)}
    assert {name: (c.values, c.gap) for name, c in changed.items()} == {
        "b": (("x", "y"), True),
        "c": (("x", "y"), True),
        "e": (("x", "y", None), False),
        "f": (("x", "y"), True),
    }


def test_no_gap_where_nothing_is_missing() -> None:
    columns = list(fit_columns(FRAME[["g"]], Config(), KEEP_ALL, "t")[0].values())
    assert gaps_of(columns, FRAME) == ()
    assert with_gaps(columns, ()) == columns
