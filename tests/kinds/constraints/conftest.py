"""A table with constraints of every sort, and what rows of it must obey."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.kinds.asking import Asked
from sparring.kinds.table import Table

GRADES = {"a": 3, "b": 1, "c": 4, "d": 15, "e": 9}
CONSTRAINTS = (
    "start <= end", "low <= high < top", "total = net + tax - 2", "x < y", "0 <= net < 100",
)  # fmt: skip


def held_table(n: int = 300, seed: int = 0, *, holes: float = 0.0) -> pd.DataFrame:
    """Rows that obey CONSTRAINTS, in which grade tells its number."""
    random = np.random.default_rng(seed)
    start = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 700, n), "D"))
    frame = pd.DataFrame(
        {
            "grade": random.choice(list(GRADES), n),
            "start": start.dt.strftime("%d.%m.%Y"),
            "end": start.dt.tz_localize(None) + pd.to_timedelta(random.integers(0, 200, n), "h"),
            "low": random.integers(0, 50, n),
            "net": random.integers(0, 9_999, n) / 100,
            "tax": random.integers(0, 999, n) / 100,
            "x": random.random(n).astype(np.float32),
        }
    )
    frame["high"] = (frame["low"] + random.integers(0, 5, n)).astype("Int64")
    frame["top"] = frame["high"].astype(float) + random.integers(1, 9, n) / 2
    frame["total"] = (frame["net"] + frame["tax"] - 2).round(2)
    frame["y"] = frame["x"] * (1 + random.random(n)) + 0.001
    frame["number"] = frame["grade"].map(GRADES)
    for name in ("end", "high", "tax", "total", "y") if holes else ():
        frame[name] = frame[name].mask(random.random(n) < holes)
    return frame


def obey(frame: pd.DataFrame) -> None:
    """See that rows obey CONSTRAINTS, by pandas alone."""
    start = pd.to_datetime(frame["start"], format="%d.%m.%Y")
    high = frame["high"].astype("float64")
    assert (frame["end"].isna() | (start <= frame["end"])).all()
    assert (high.isna() | (frame["low"] <= high)).all()
    assert (high.isna() | frame["top"].isna() | (high < frame["top"])).all()
    whole = frame[["net", "tax", "total"]].notna().all(axis=1)
    added = (frame["net"] + frame["tax"] - 2).round(2)
    assert (frame["total"] == added)[whole].all()
    assert (frame["y"].isna() | (frame["x"] < frame["y"])).all()
    assert frame["net"].between(0, 100, inclusive="left").all()
    assert (frame["number"] == frame["grade"].map(GRADES)).all()


def fitted(frame: pd.DataFrame, *stated: str, **settings: Any) -> Table:
    """The table as a model file restores it; every value is kept unless asked otherwise."""
    chosen = {"min_count": 1, "given_share": 0.5, "constraints": stated or None} | settings
    table = Table.fit(Dataset(frame, name="rows"), Config(**chosen))
    restored = Table.from_dict(json.loads(json.dumps(table.to_dict(), allow_nan=False)))
    assert restored == table
    return restored


def drawn(table: Table, n: int = 400, asked: Asked | None = None, seed: int = 0) -> pd.DataFrame:
    """Samples of nets that learnt nothing, and leave out nothing either."""
    random = torch.Generator().manual_seed(seed)
    x = 3 * torch.randn(n, *table.shape.row, generator=random)
    made = table.decode(x, None)
    if asked is not None:
        made = asked.condition(range(n), random).keep(made)
    frame = table.numbered(made, 0).x
    assert isinstance(frame, pd.DataFrame)
    return frame
