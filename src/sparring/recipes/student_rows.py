"""Students by depression and anxiety: the file, its splits, a regression, more rows from few."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

from sparring.data.dataset import Dataset
from sparring.data.tables import read_csv
from sparring.errors import InputError
from sparring.files import user_cache

FILE = "StressLevelDataset.csv"
COLUMNS = ("depression", "anxiety_level")
NAMES = ("depression (score, 0 to 27)", "anxiety (score, 0 to 21)")
HIGHEST = np.array([27, 21])  # of the two questionnaires
SPLIT = 42  # random_state of the document
FEW, MADE = 20, 860
SPLITS = 20
NEIGHBOURS = 5


class Split(NamedTuple):
    """Rows (n, 2) of depression and anxiety: 880 to train on, 20 of them, and 220 to test on."""

    train: np.ndarray
    few: np.ndarray
    test: np.ndarray


@cache
def table(folder: str | None) -> np.ndarray:
    """All rows (1,100, 2), from `folder` or the cache.

    Raises:
        InputError: the file is in neither, or is not what it should be.
    """
    places = [Path(folder).expanduser()] if folder else []
    paths = [place / FILE for place in [*places, user_cache()]]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise InputError(
            f"{FILE} is not on this machine: get it from kaggle.com/datasets/"
            f"mdsultanulislamovi/student-stress-monitoring-datasets and put it in {paths[0].parent}"
        )
    frame = read_csv(path)
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}")
    return frame[list(COLUMNS)].to_numpy(np.float64)


def everybody() -> np.ndarray:
    return table(os.environ.get("SPARRING_DATA"))


def split(seed: int) -> Split:
    """The document's two splits by scikit-learn, at any random_state."""
    train, test = train_test_split(everybody(), test_size=0.2, random_state=seed)
    few, _ = train_test_split(train, train_size=FEW, random_state=seed)
    return Split(train, few, test)


def scaled(x: np.ndarray) -> np.ndarray:
    """To [0, 1] by the range of all rows, those of the test too: the document's scaler."""
    low, high = everybody().min(0), everybody().max(0)
    return np.asarray((x - low) / (high - low))


def unscaled(x: np.ndarray) -> np.ndarray:
    low, high = everybody().min(0), everybody().max(0)
    return np.asarray(x * (high - low) + low)


def published_rows(seed: int, quick: bool) -> Dataset:
    return Dataset(scaled(split(SPLIT).few), name="students")


def published_table(seed: int, quick: bool) -> Dataset:
    return split_table(SPLIT, quick)


def split_rows(seed: int, quick: bool) -> Dataset:
    return Dataset(split(seed).few, name=f"students, split {seed}")


def split_table(seed: int, quick: bool) -> Dataset:
    """The same rows as what they are: a table of whole numbers."""
    few = pd.DataFrame(split(seed).few.astype(int), columns=list(COLUMNS))
    return Dataset(few, name=f"students, split {seed}")


class Fit(NamedTuple):
    """A regression of anxiety on depression, and how well it does on test rows."""

    slope: float
    intercept: float
    r2: float
    mse: float


def regression(train: np.ndarray, test: np.ndarray) -> Fit | None:
    """Fit on rows (n, 2) and test on others; None where there are fewer than two rows."""
    if len(train) < 2:
        return None
    model = LinearRegression().fit(train[:, :1], train[:, 1])
    guess = model.predict(test[:, :1])
    return Fit(
        float(model.coef_[0]), float(model.intercept_),
        float(r2_score(test[:, 1], guess)), float(mean_squared_error(test[:, 1], guess)),
    )  # fmt: skip


def sound(made: np.ndarray) -> np.ndarray:
    """Rounded (truncation would lower every score by half a point), impossible rows dropped."""
    whole = np.rint(made)
    return np.asarray(whole[((whole >= 0) & (whole <= HIGHEST)).all(1)])


def interpolated(few: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    """Between a row and one of its nearest neighbours, anywhere (SMOTE; Chawla et al. 2002)."""
    distance = np.linalg.norm(few[:, None] - few, axis=2)
    np.fill_diagonal(distance, np.inf)
    near = distance.argsort(1)[:, :NEIGHBOURS]
    row = random.integers(len(few), size=n)
    other = near[row, random.integers(near.shape[1], size=n)]
    return np.asarray(few[row] + random.random((n, 1)) * (few[other] - few[row]))
