"""Shape and Trend: errors of the columns of a table, one by one and in pairs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.evaluate.columns import Columns
from sparring.evaluate.jackknife import Statistic, kept
from sparring.evaluate.rows import enough

BINS = 10
# A contingency table with more cells than this is counted through its occupied cells only.
MAX_CELLS = 1_000_000


class TableError(NamedTuple):
    """An error of a whole table, and what it is the mean of.

    Attributes:
        mean: in [0, 1]; 0 is best.
        parts: names of one column or of two, to their error; none of them without a group of rows,
            since a thousand columns have half a million pairs.
    """

    mean: float
    parts: dict[tuple[Hashable, ...], float]


def shape_error(real: pd.DataFrame, fake: pd.DataFrame) -> float:
    """Mean over the columns of `shape_errors`, in [0, 1]; 0 is best."""
    return shape_statistic(real, fake)(None).mean


def shape_statistic(real: pd.DataFrame, fake: pd.DataFrame) -> Statistic[TableError]:
    """`shape_errors` and their mean, of all rows or without a group of them."""
    columns, real_codes, fake_codes = _encode(real, fake)

    def statistic(without: int | None) -> TableError:
        errors = _shape(columns, kept(real_codes, without), kept(fake_codes, without))
        mean = float(np.mean(list(errors.values())))
        return TableError(mean, {(n,): e for n, e in errors.items()} if without is None else {})

    return statistic


def shape_errors(real: pd.DataFrame, fake: pd.DataFrame) -> dict[Hashable, float]:
    """How far the distribution of each column is off.

    Numeric columns: the Kolmogorov-Smirnov statistic of the values that are present, or the
    difference of the missing shares if that is larger (it is, when one side has no value at all).
    Categorical columns: the total variation distance, a missing value being one more category.
    What is numeric is decided by the real frame; booleans and strings are categorical.

    Args:
        real: n >= 2 rows.
        fake: m >= 2 rows with the same columns, in any order.

    Returns:
        Column name to error in [0, 1], in the order of the real columns.

    Raises:
        InputError: too few rows, other columns, infinity or text in a numeric column.

    Source: "Shape" as in Zhang et al. 2024, "Mixed-type tabular data synthesis with score-based
    diffusion in latent space", as an error (0 is best).
    """
    return _shape(*_encode(real, fake))


def _shape(
    columns: Columns, real_codes: np.ndarray, fake_codes: np.ndarray
) -> dict[Hashable, float]:
    errors: dict[Hashable, float] = {}
    for (name, categories), a, b in zip(
        columns.categories.items(), real_codes.T, fake_codes.T, strict=True
    ):
        if categories is None:
            errors[name] = _numeric_error(a, b)
        else:
            errors[name] = _variation(_with_missing(a), _with_missing(b), len(categories) + 1)
    return errors


def trend_error(real: pd.DataFrame, fake: pd.DataFrame) -> float:
    """Mean over the pairs of different columns of `trend_errors`, in [0, 1]; 0 is best."""
    return trend_statistic(real, fake)(None).mean


def trend_statistic(real: pd.DataFrame, fake: pd.DataFrame) -> Statistic[TableError]:
    """`trend_errors` and their mean, of all rows or without a group of them."""
    columns, real_codes, fake_codes = _encode(real, fake)
    names = list(columns.categories)

    def statistic(without: int | None) -> TableError:
        errors = _trend(columns, kept(real_codes, without), kept(fake_codes, without))
        i, j = np.triu_indices(len(errors), k=1)
        mean = float(errors[i, j].mean())
        if without is not None:
            return TableError(mean, {})
        pairs = zip(i.tolist(), j.tolist(), errors[i, j].tolist(), strict=True)
        return TableError(mean, {(names[a], names[b]): e for a, b, e in pairs})

    return statistic


def trend_errors(real: pd.DataFrame, fake: pd.DataFrame) -> pd.DataFrame:
    """How far the dependence of each pair of columns is off.

    Two numeric columns: |r_real - r_fake| / 2, r being Pearson's correlation over the rows where
    both are present, and 0 where it is undefined (a constant column). Any other pair: the total
    variation distance between the two contingency tables. There a numeric column has 10 bins of
    equal width between the smallest and largest real value, the outer ones open, and a missing
    value is a category of its own.

    Args:
        real: n >= 2 rows with at least 2 columns.
        fake: m >= 2 rows with the same columns, in any order.

    Returns:
        A symmetric (d, d) frame of errors in [0, 1] with the column names on both axes and 0 on
        the diagonal.

    Raises:
        InputError: too few rows or columns, other columns, infinity or text in a numeric column.

    Source: "Trend" as in Zhang et al. 2024, "Mixed-type tabular data synthesis with score-based
    diffusion in latent space", as an error (0 is best).
    """
    errors = _trend(*_encode(real, fake))
    return pd.DataFrame(errors, index=real.columns, columns=real.columns)


def _trend(columns: Columns, real_codes: np.ndarray, fake_codes: np.ndarray) -> np.ndarray:
    numeric = columns.numeric
    if len(numeric) < 2:
        raise InputError("a pair of columns is needed; the table has only one column")
    errors = np.zeros((len(numeric), len(numeric)))
    both = np.ix_(numeric, numeric)
    errors[both] = (
        np.abs(_correlation(real_codes[:, numeric]) - _correlation(fake_codes[:, numeric])) / 2
    )

    bins = [
        _binned(a, b) if is_numeric else (_with_missing(a), _with_missing(b))
        for is_numeric, a, b in zip(numeric, real_codes.T, fake_codes.T, strict=True)
    ]
    sizes = [1 + max(a.max(), b.max()) for a, b in bins]
    for i, j in zip(*np.triu_indices(len(numeric), k=1), strict=True):
        if not (numeric[i] and numeric[j]):
            real_cells, fake_cells = (
                first * sizes[j] + second for first, second in zip(bins[i], bins[j], strict=True)
            )
            errors[i, j] = errors[j, i] = _variation(real_cells, fake_cells, sizes[i] * sizes[j])
    return errors


def _encode(real: pd.DataFrame, fake: pd.DataFrame) -> tuple[Columns, np.ndarray, np.ndarray]:
    columns = Columns.fit(real, fake)
    real_codes, fake_codes = columns.encode(real), columns.encode(fake)
    enough(real_codes, fake_codes, least=2)
    return columns, real_codes, fake_codes


def _numeric_error(real: np.ndarray, fake: np.ndarray) -> float:
    a, b = np.sort(real[~np.isnan(real)]), np.sort(fake[~np.isnan(fake)])
    missing = abs(len(a) / len(real) - len(b) / len(fake))
    if len(a) == 0 or len(b) == 0:
        return missing
    at = np.concatenate([a, b])
    steps = np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)
    return max(missing, float(np.abs(steps).max()))


def _correlation(values: np.ndarray) -> np.ndarray:
    """Pearson's correlations of the columns over the rows where both are present, (d, d)."""
    correlation: np.ndarray = pd.DataFrame(values).corr().fillna(0.0).to_numpy()
    return correlation


def _with_missing(codes: np.ndarray) -> np.ndarray:
    """Integer codes in which 0 stands for missing."""
    return np.where(np.isnan(codes), 0, codes + 1).astype(np.int64)


def _binned(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both columns in bins of equal width over the real range, 1 to 10; 0 stands for missing."""
    present = real[~np.isnan(real)]
    low, high = (present.min(), present.max()) if len(present) else (0.0, 0.0)
    if low == high:
        # A constant gets the middle, so that fake values on either side of it are seen.
        low, high = low - 0.5, high + 0.5
    inner_edges = np.linspace(low, high, BINS + 1)[1:-1]
    real_bins, fake_bins = (
        np.where(np.isnan(values), 0, np.digitize(values, inner_edges) + 1)
        for values in (real, fake)
    )
    return real_bins, fake_bins


def _variation(real: np.ndarray, fake: np.ndarray, cells: int) -> float:
    """Total variation distance between two sets of integer codes in [0, cells)."""
    if cells > MAX_CELLS:
        occupied, codes = np.unique(np.concatenate([real, fake]), return_inverse=True)
        real, fake, cells = codes[: len(real)], codes[len(real) :], len(occupied)
    n, m = len(real), len(fake)
    # Counted in units of 1 / (n m), so that equal shares cancel exactly.
    gap = np.bincount(real, minlength=cells) * m - np.bincount(fake, minlength=cells) * n
    return float(np.abs(gap).sum() / (2 * n * m))
