"""The checks that every metric on numeric rows makes first, so that its errors read alike."""

from __future__ import annotations

import numpy as np

from sparring.errors import InputError

# Beyond this, products of covariances leave float64 and a distance would turn into NaN.
LARGEST = 1e60


def as_rows(values: np.ndarray, what: str) -> np.ndarray:
    """Rows of numbers as float64.

    Args:
        values: (n, d) numbers.
        what: what an error calls them, such as "fake".

    Raises:
        InputError: not two-dimensional, no column, or a value that is NaN, infinite or beyond 1e60.
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise InputError(f"{what} rows have shape {rows.shape}; (rows, columns) is needed")
    if not (np.abs(rows) <= LARGEST).all():
        raise InputError(f"{what} rows hold NaN, infinity or a value beyond {LARGEST:g}")
    return rows


def paired(real: np.ndarray, fake: np.ndarray, *, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Both sets as float64 rows of one width.

    Args:
        real: (n, d) numbers.
        fake: (m, d) numbers.
        least: the fewest rows that each set must have.

    Raises:
        InputError: the widths differ, a set is too small or a value is not finite.
    """
    real, fake = as_rows(real, "real"), as_rows(fake, "fake")
    if real.shape[1] != fake.shape[1]:
        raise InputError(
            f"real rows have {real.shape[1]} columns and fake rows {fake.shape[1]}; "
            "they must be alike"
        )
    enough(real, fake, least=least)
    return real, fake


def enough(*sets: np.ndarray, least: int) -> None:
    """Refuse to measure on too few rows.

    Raises:
        InputError: a set has fewer than `least` rows.
    """
    fewest = min(len(rows) for rows in sets)
    if fewest < least:
        raise InputError(f"{fewest} rows are too few; at least {least} are needed")
