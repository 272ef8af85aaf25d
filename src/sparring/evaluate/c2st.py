"""The classifier two-sample test: can a good classifier tell fake rows from real ones?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.evaluate.columns import Columns
from sparring.evaluate.jackknife import Statistic, group_numbers
from sparring.evaluate.rows import enough, paired

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

# Boosted trees split on a categorical column as such only up to this many categories.
MAX_CATEGORIES = 255
# With fewer rows the trees cannot split at all, and would find everything indistinguishable.
LEAST_ROWS = 50


def classifier_two_sample(
    real: np.ndarray | pd.DataFrame,
    fake: np.ndarray | pd.DataFrame,
    *,
    folds: int = 3,
    seed: int = 0,
) -> float:
    """Cross-validated area under the ROC curve of boosted trees that tell fake from real.

    .5 says indistinguishable, 1 says told apart without fail. Less than .5 is no compliment: rows
    that stand in both sets teach the classifier the wrong answer, so it is a sign of copies.

    Args:
        real: (n, d) finite numbers, or a DataFrame with numeric and categorical columns, in which
            values may be missing (a value of its own to the trees); n >= 50.
        fake: the like, of m >= 50 rows. Categories of both frames are encoded jointly.
        folds: number of cross-validation folds, >= 2.
        seed: of the folds.

    Returns:
        A number in [0, 1].

    Raises:
        InputError: too few rows or folds, other columns or widths, one frame beside one array.

    Source: Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests", with the area under
    the curve in place of the accuracy, so that n and m may differ.
    """
    return two_sample_statistic(real, fake, folds=folds, seed=seed)(None)


def two_sample_statistic(
    real: np.ndarray | pd.DataFrame,
    fake: np.ndarray | pd.DataFrame,
    *,
    folds: int = 3,
    seed: int = 0,
) -> Statistic[float]:
    """`classifier_two_sample` of all rows or without a group of them, which the trees keep."""
    if folds < 2:
        raise InputError(f"folds is {folds}; at least 2 are needed")
    if isinstance(real, pd.DataFrame) and isinstance(fake, pd.DataFrame):
        columns = Columns.fit(real, fake)
        categorical = splittable(columns)
        real, fake = columns.encode(real), columns.encode(fake)
        enough(real, fake, least=LEAST_ROWS)
    elif isinstance(real, pd.DataFrame) or isinstance(fake, pd.DataFrame):
        raise InputError("real and fake rows must both be tables or both be arrays")
    else:
        real, fake = paired(real, fake, least=LEAST_ROWS)
        categorical = np.zeros(real.shape[1], dtype=bool)

    from sklearn.metrics import roc_auc_score  # slow to import
    from sklearn.model_selection import StratifiedKFold

    rows = np.concatenate([real, fake])
    is_fake = np.repeat([0, 1], [len(real), len(fake)])
    trees = boosted_trees(categorical, seed)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    parts = [
        (unseen, fitted(trees, rows[seen], is_fake[seen]).decision_function(rows[unseen]))
        for seen, unseen in split.split(rows, is_fake)
    ]
    group = np.concatenate([group_numbers(len(real)), group_numbers(len(fake))])

    def statistic(without: int | None) -> float:
        areas = []
        for unseen, answer in parts:
            stays = group[unseen] != (-1 if without is None else without)
            areas.append(roc_auc_score(is_fake[unseen][stays], answer[stays]))
        return float(np.mean(areas))

    return statistic


def boosted_trees(categorical: np.ndarray | None, seed: int) -> HistGradientBoostingClassifier:
    """A classifier of rows, not fitted yet.

    Args:
        categorical: bool (d,), which columns hold categories.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # slow to import

    return HistGradientBoostingClassifier(
        categorical_features=categorical, early_stopping=False, random_state=seed
    )


def fitted(
    trees: HistGradientBoostingClassifier, rows: np.ndarray, target: np.ndarray
) -> HistGradientBoostingClassifier:
    """The trees, fitted; a column without any value is a constant, which they can bin."""
    empty = np.isnan(rows).all(axis=0)
    return trees.fit(np.where(empty, 0.0, rows), target)


def splittable(columns: Columns) -> np.ndarray:
    """Which columns boosted trees take as categorical, (d,) bool; codes of the rest are numbers."""
    return np.array(
        [
            values is not None and len(values) <= MAX_CATEGORIES
            for values in columns.categories.values()
        ]
    )
