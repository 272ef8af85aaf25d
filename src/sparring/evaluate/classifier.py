"""Classifiers that judge whether conditional samples are what was asked for."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparring.errors import InputError, listed
from sparring.evaluate.c2st import boosted_trees, fitted, splittable
from sparring.evaluate.columns import Columns
from sparring.evaluate.rows import as_rows
from sparring.evaluate.views import Classifier

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

MAX_CLASSES = 1_000
LEAST_ROWS = 20
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class RowClassifier:
    """Boosted trees that label points or the rows of a table; made by `fit`.

    Attributes:
        classes: the labels it knows, (k,), sorted.
        accuracy: share of the held-out tenth that it labels correctly, in [0, 1].
        columns: how a table is encoded, without the label; None for arrays.
        label_column: the column of a table that it must not look at, if any.
        trees: the fitted model, of class positions.
    """

    classes: np.ndarray
    accuracy: float
    columns: Columns | None
    label_column: Hashable | None
    trees: HistGradientBoostingClassifier

    @property
    def space(self) -> None:
        """Trees have no features."""
        return None

    @classmethod
    def fit(
        cls,
        x: np.ndarray | pd.DataFrame,
        labels: np.ndarray,
        *,
        label_column: Hashable | None = None,
        seed: int = 0,
    ) -> RowClassifier:
        """Train on nine tenths of the rows, and measure the accuracy on the rest.

        Args:
            x: (n, d) finite numbers or a DataFrame, which may have missing values.
            labels: (n,), of any scalar type, none missing.
            label_column: the column of the DataFrame that holds the label itself; it is ignored,
                here and by `predict`.
            seed: of the held-out rows and of the trees.

        Raises:
            InputError: fewer than 20 rows, other than 2 to 1,000 classes, a missing label, rows
                that the metrics would refuse too.
        """
        codes, classes = label_codes(labels, len(x))
        columns = None
        if isinstance(x, pd.DataFrame):
            columns = Columns.fit(_without(x, label_column))
        rows = _encode(x, columns, label_column)
        train, held_out = hold_out(len(rows), seed)
        trees = boosted_trees(None if columns is None else splittable(columns), seed)
        trees = fitted(trees, rows[train], codes[train])
        accuracy = float((trees.predict(rows[held_out]) == codes[held_out]).mean())
        return cls(classes, accuracy, columns, label_column, trees)

    def predict(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        """The likeliest label of each row, (n,).

        Args:
            x: (n, d) numbers or a DataFrame, whichever was fitted; categories that training did
                not see count as missing.

        Raises:
            InputError: other columns or widths than fitted, or a value that is not finite.
        """
        rows = _encode(x, self.columns, self.label_column)
        width = self.trees.n_features_in_
        if rows.shape[1] != width:
            raise InputError(f"rows have {rows.shape[1]} columns; the classifier knows {width}")
        labels: np.ndarray = self.classes[self.trees.predict(rows)]
        return labels

    def features(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        raise InputError("this classifier has no features: it is made of trees")


def label_agreement(
    classifier: Classifier, x: np.ndarray | pd.DataFrame, labels: np.ndarray
) -> float:
    """Share of samples that a classifier gives the label they were asked to have, in [0, 1].

    Args and errors: as `agreements`.
    """
    return float(agreements(classifier, x, labels).mean())


def agreements(
    classifier: Classifier, x: np.ndarray | pd.DataFrame, labels: np.ndarray
) -> np.ndarray:
    """Which samples a classifier gives the label they were asked to have, (n,) of 0 and 1.

    Args:
        classifier: trained on real rows.
        x: n >= 1 samples, as the classifier takes them.
        labels: (n,), the label asked of each sample.

    Raises:
        InputError: no samples, another number of labels, or a label the classifier does not know.
    """
    labels = np.asarray(labels)
    if len(x) == 0 or labels.shape != (len(x),):
        raise InputError(f"{len(x)} samples and labels of shape {labels.shape} do not match")
    strange = set(labels.tolist()) - set(classifier.classes.tolist())
    if strange:
        raise InputError(
            f"labels {listed(sorted(map(repr, strange)))} are unknown to the classifier "
            f"(known: {listed(classifier.classes.tolist())})"
        )
    agree: np.ndarray = (classifier.predict(x) == labels).astype(float)
    return agree


def label_codes(labels: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels as positions (n,) in the sorted classes (k,), and these.

    Raises:
        InputError: not one label for each row, fewer than 20 rows, a missing label, other than 2
            to 1,000 classes.
    """
    labels = np.asarray(labels)
    if labels.shape != (rows,):
        raise InputError(f"{rows} rows and labels of shape {labels.shape} do not match")
    if rows < LEAST_ROWS:
        raise InputError(f"{rows} rows are too few for a classifier; {LEAST_ROWS} are needed")
    codes, classes = pd.factorize(labels, sort=True)
    if (codes < 0).any():
        raise InputError("labels hold missing values")
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise InputError(f"labels have {len(classes)} classes; 2 to {MAX_CLASSES} are accepted")
    return codes, np.asarray(classes)


def hold_out(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions to train on and positions to measure the accuracy on, at random."""
    order = np.random.default_rng(seed).permutation(rows)
    held_out = max(1, round(HELD_OUT_SHARE * rows))
    return order[held_out:], order[:held_out]


def _without(frame: pd.DataFrame, label_column: Hashable | None) -> pd.DataFrame:
    return frame if label_column is None else frame.drop(columns=label_column, errors="ignore")


def _encode(
    x: np.ndarray | pd.DataFrame, columns: Columns | None, label_column: Hashable | None
) -> np.ndarray:
    if isinstance(x, pd.DataFrame) != (columns is not None):
        raise InputError("the classifier was fitted on a table and not an array, or the reverse")
    if isinstance(x, pd.DataFrame) and columns is not None:
        return columns.encode(_without(x, label_column))
    return as_rows(np.asarray(x), "classified")
