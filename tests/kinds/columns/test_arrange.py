from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from sparring.config import Config
from sparring.kinds.columns.arrange import arranged, coordinates
from sparring.kinds.columns.fit import fit_columns
from sparring.kinds.columns.keep import KEEP_ALL
from sparring.kinds.columns.order import MapColumn

RANDOM = np.random.default_rng(0)


def planted(n: int = 6_000, k: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    """Categories with two hidden numbers each, which the other columns show; one shows nothing."""
    hidden = RANDOM.normal(size=(k, 2))
    code = RANDOM.integers(0, k, n)
    shown = hidden[code] + 0.5 * RANDOM.normal(size=(n, 2))
    frame = pd.DataFrame(
        {
            "zip": [f"z{c}" for c in code],
            "first": shown[:, 0],
            "sign": np.where(shown[:, 1] > 0, "+", "-"),
            "second": np.exp(shown[:, 1]),
            "noise": RANDOM.normal(size=n),
        }
    )
    return frame, hidden


def explained(hidden: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The share of each hidden number's variance that the coordinates explain, linearly."""
    design = np.column_stack([where, np.ones(len(where))])
    left = hidden - design @ np.linalg.lstsq(design, hidden, rcond=None)[0]
    return 1 - left.var(0) / hidden.var(0)


def test_coordinates_find_what_tells_categories_apart() -> None:
    frame, hidden = planted()
    codes = frame["zip"].str[1:].astype(int).to_numpy()
    features = frame[["first", "second", "noise"]].to_numpy(copy=True)
    features[:, 1] = np.log(features[:, 1])
    where = coordinates(codes, 300, features)
    assert (explained(hidden, where) > 0.9).all()
    assert (explained(hidden, RANDOM.normal(size=(300, 2))) < 0.1).all()


def test_unknown_categories_and_rare_ones() -> None:
    codes = np.array([0, 0, 0, 0, 1, 2, 2, 2, 2, -1])
    features = np.array([5, 5, 5, 5, -7, -4, -4, -4, -4, 1000.0])[:, None]
    first = coordinates(codes, 3, features)[:, 0]
    assert first[0] * first[2] < 0
    assert abs(first[1]) < abs(first[2])  # one row is not worth as much as four


def test_without_a_feature_nothing_is_told() -> None:
    assert not coordinates(np.array([0, 1, 1]), 2, np.empty((3, 0))).any()


def test_a_table_maps_its_categories_by_its_other_columns() -> None:
    frame, hidden = planted()
    columns = list(fit_columns(frame, Config(), KEEP_ALL, "t")[0].values())
    zip_code = next(c for c in arranged(columns, frame) if c.name == "zip")
    assert isinstance(zip_code, MapColumn)
    code = np.array([int(value[1:]) for value in zip_code.values])
    group = np.searchsorted(zip_code.ends, np.arange(len(code)), side="right")
    # Between groups one hidden number changes (or a mixture of both), inside a group the other.
    across = max(abs(spearmanr(group, h).statistic) for h in hidden[code].T)
    assert across > 0.7
    spread = [hidden[code[group == g]].std(0).min() for g in range(group.max() + 1)]
    assert np.mean(spread) < 0.6 * hidden.std(0).min()


def test_two_columns_of_many_categories_find_each_other() -> None:
    code = RANDOM.integers(0, 200, 6_000)
    x = (np.arange(6_000) == 0).astype(float)
    frame = pd.DataFrame({"city": [f"c{c}" for c in code], "zip": [f"z{c}" for c in code], "x": x})
    columns = arranged(list(fit_columns(frame, Config(), KEEP_ALL, "t")[0].values()), frame)
    city, zip_code = (map_of(c) for c in columns if isinstance(c, MapColumn))
    assert (explained(city, zip_code) > 0.7).all()


def map_of(column: MapColumn) -> np.ndarray:
    """Group and place in the group of each category, in the order of its number, (k, 2)."""
    place = np.arange(len(column.values))
    group = np.searchsorted(column.ends, place, side="right")
    where = np.column_stack([group, place - np.array([0, *column.ends])[group]])
    return where[np.argsort([int(value[1:]) for value in column.values])]


def test_other_columns_stay_as_they_are() -> None:
    frame, _ = planted(400)
    columns = list(fit_columns(frame[["first", "sign"]], Config(), KEEP_ALL, "t")[0].values())
    assert arranged(columns, frame) == columns
