"""Train on synthetic, test on real: are samples as good to learn from as real rows?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

import numpy as np

from sparring.errors import InputError
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.image_classifier import ImageClassifier
from sparring.evaluate.jackknife import Statistic, mean_of
from sparring.evaluate.views import Classifier, Views

# Enough to rank sets of images; the judge of labels takes more.
IMAGE_STEPS = 200


def transfer_accuracy(
    train: Views, test: Views, *, label_column: Hashable | None = None, seed: int = 0
) -> Statistic[float]:
    """Accuracy on `test` of a classifier that saw nothing but `train`.

    With samples as `train` and real rows as `test` it is the classification accuracy score; with
    real rows as both, what it stands beside. A label that `train` lacks is never predicted.

    Args:
        train: labelled rows to learn from: a small convolutional network learns images, boosted
            trees anything else.
        test: labelled rows to predict; the interval is over these.
        label_column: the column of a table that holds the label.
        seed: of everything random in the classifier.

    Raises:
        InputError: no labels, or rows that no classifier can learn from.

    Source: Ravuri & Vinyals 2019, "Classification accuracy score for conditional generative
    models"; Esteban et al. 2017, "Real-valued (medical) time series generation", section 4 (TSTR).
    """
    if train.labels is None or test.labels is None:
        raise InputError("these rows have no labels")
    classifier = _learnt(train, train.labels, label_column, seed)
    return mean_of((classifier.predict(test.rows) == test.labels).astype(float))


def _learnt(
    train: Views, labels: np.ndarray, label_column: Hashable | None, seed: int
) -> Classifier:
    if train.images is not None:
        # It takes images alone, and no table as a Classifier might.
        network = ImageClassifier.fit(train.images, labels, steps=IMAGE_STEPS, seed=seed)
        return cast(Classifier, network)
    return RowClassifier.fit(train.rows, labels, label_column=label_column, seed=seed)
