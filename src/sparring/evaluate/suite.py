"""All metrics under one roof: each is measured on the samples, and beside them on real rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from sparring.errors import InputError, choose
from sparring.evaluate import attacks, copying
from sparring.evaluate.c2st import two_sample_statistic
from sparring.evaluate.classifier import agreements
from sparring.evaluate.columns import Columns
from sparring.evaluate.frechet import frechet_distance
from sparring.evaluate.jackknife import Statistic, mean_of, rerun
from sparring.evaluate.kernel import MMDTest, kernel_statistic, mmd_statistic
from sparring.evaluate.modes import ModeReport, mode_report
from sparring.evaluate.prdc import PRDC, prdc_statistic
from sparring.evaluate.score import Metric, Score, measure
from sparring.evaluate.tables import TableError, shape_statistic, trend_statistic
from sparring.evaluate.transfer import transfer_accuracy
from sparring.evaluate.views import Known, Views
from sparring.evaluate.wasserstein import exact_statistic, sliced_statistic

__all__ = ["METRICS", "Metric", "Score", "score"]

T = TypeVar("T")


def score(
    names: Sequence[str], real: Views, fake: Views, reference: Views, known: Known
) -> list[Score]:
    """Measure samples against rows that training never saw, and set the real-vs-real floor beside.

    All three sets are cut at random to one size, that of the smallest, at most `Metric.max_rows`.
    The value is metric(real, fake). The floor is metric(reference, real): the rows never seen take
    the place of the samples, so that no floor is flattered by what was trained on the reference
    (a classifier knows its own training rows better than any others).

    Args:
        names: keys of `METRICS`.
        real: rows that training never saw.
        fake: samples.
        reference: rows of the training set.
        known: what the metrics may use beside the rows.

    Returns:
        One score for each name, in that order. A metric that these rows do not allow (no modes,
        no classifier, no labels, no table, too few or unusable rows) is there with its reason.

    Raises:
        ConfigError: a name that is not in `METRICS`.
        InputError: feature spaces that differ.
    """
    metrics = {name: choose("metric", name, METRICS) for name in names}
    if not real.space == fake.space == reference.space:
        raise InputError(
            f"features are in different spaces: {real.space}, {fake.space}, {reference.space}"
        )
    return measure(metrics, real, fake, reference, known)


def _needed(thing: T | None, what: str) -> T:
    if thing is None:
        raise InputError(what)
    return thing


def _frechet(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return rerun(frechet_distance, real.features, fake.features)


def _kernel_distance(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return kernel_statistic(real.features, fake.features)


def _classifier_frechet(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return rerun(frechet_distance, *_embedded(real, fake))


def _classifier_kernel_distance(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return kernel_statistic(*_embedded(real, fake))


def _embedded(*sets: Views) -> list[np.ndarray]:
    return [_needed(views.embedding, "there is no classifier with features") for views in sets]


def _prdc(real: Views, fake: Views, known: Known) -> Statistic[PRDC]:
    return prdc_statistic(real.features, fake.features)


def _sliced_wasserstein(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return sliced_statistic(real.features, fake.features, seed=known.seed)


def _wasserstein(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return exact_statistic(real.features, fake.features)


def _mmd(real: Views, fake: Views, known: Known) -> Statistic[MMDTest]:
    return mmd_statistic(real.features, fake.features, seed=known.seed)


def _c2st(real: Views, fake: Views, known: Known) -> Statistic[float]:
    if real.frame is not None and fake.frame is not None:
        return two_sample_statistic(real.frame, fake.frame, seed=known.seed)
    return two_sample_statistic(real.features, fake.features, seed=known.seed)


def _modes(real: Views, fake: Views, known: Known) -> Statistic[ModeReport]:
    modes = _needed(known.modes, "the modes of this data are not known")
    points = _needed(fake.points, "these rows are not points")
    return rerun(lambda rows: mode_report(rows, modes), points)


def _shape(real: Views, fake: Views, known: Known) -> Statistic[TableError]:
    return shape_statistic(*_tables(real, fake))


def _trend(real: Views, fake: Views, known: Known) -> Statistic[TableError]:
    return trend_statistic(*_tables(real, fake))


def _tables(real: Views, fake: Views) -> tuple[pd.DataFrame, pd.DataFrame]:
    reason = "these rows are not a table"
    return _needed(real.frame, reason), _needed(fake.frame, reason)


def _label_agreement(real: Views, fake: Views, known: Known) -> Statistic[float]:
    labels = _needed(fake.labels, "these rows have no labels")
    classifier = _needed(known.classifier, "there is no classifier for this data")
    return mean_of(agreements(classifier, fake.rows, labels))


def _transfer(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return transfer_accuracy(fake, real, label_column=known.label_column, seed=known.seed)


def _duplicates(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return copying.duplicates(_keys(fake)[0])


def _support(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return copying.birthday_support(real.features, fake.features)


def _copies(real: Views, fake: Views, known: Known) -> Statistic[float]:
    return copying.copies(*_keys(_trained_on(known), fake))


def _nearness(real: Views, fake: Views, known: Known) -> Statistic[float]:
    train = _trained_on(known).features
    return copying.nearness(
        *(copying.nearest_distance(views.features, train) for views in (fake, real))
    )


def _nearness_of_real(reference: Views, real: Views, known: Known) -> Statistic[float]:
    first, second = _halves(real)
    return _nearness(second, first, known)


def _closer(real: Views, fake: Views, known: Known) -> Statistic[float]:
    _, held_out = _halves(real)
    return copying.closer(fake.features, _trained_on(known).features, held_out.features)


def _closer_of_real(reference: Views, real: Views, known: Known) -> Statistic[float]:
    return _closer(real, _halves(real)[0], known)


def _membership(real: Views, fake: Views, known: Known) -> Statistic[float]:
    members = _as_many(known, real)
    return attacks.membership(members.features, real.features, fake.features)


def _membership_of_real(reference: Views, real: Views, known: Known) -> Statistic[float]:
    first, second = _halves(real)
    return _membership(second, first, known)


def _singling_out(real: Views, fake: Views, known: Known) -> Statistic[attacks.Risk]:
    return attacks.singling_out(*_encoded(real, fake, known), seed=known.seed)


def _singling_out_of_real(reference: Views, real: Views, known: Known) -> Statistic[attacks.Risk]:
    first, second = _halves(real)
    return _singling_out(second, first, known)


def _inference(real: Views, fake: Views, known: Known) -> Statistic[attacks.Risk]:
    return attacks.attribute_inference(*_encoded(real, fake, known), seed=known.seed)


def _inference_of_real(reference: Views, real: Views, known: Known) -> Statistic[attacks.Risk]:
    first, second = _halves(real)
    return _inference(second, first, known)


def _encoded(
    real: Views, fake: Views, known: Known
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training rows, rows held out and samples as numbers, and which columns are numeric."""
    held_out, samples = _tables(real, fake)
    members, _ = _tables(_as_many(known, real), fake)
    columns = Columns.fit(members, held_out, samples)
    train, holdout, made = (columns.encode(frame) for frame in (members, held_out, samples))
    return train, holdout, made, columns.numeric


def _as_many(known: Known, real: Views) -> Views:
    """As many training rows as there are rows held out, if there are."""
    train = _trained_on(known)
    return train.take(np.arange(min(len(train), len(real))))


def _trained_on(known: Known) -> Views:
    return _needed(known.train, "the training rows are not at hand")


def _halves(views: Views) -> list[Views]:
    """Rows held out in two, because none can be compared with itself."""
    if len(views) < 2:
        raise InputError(f"{len(views)} rows are too few; at least 2 are needed")
    return [views.take(half) for half in np.array_split(np.arange(len(views)), 2)]


def _keys(*sets: Views) -> list[np.ndarray]:
    """Numbers by which rows are compared cell for cell."""
    frames = [views.frame for views in sets if views.frame is not None]
    if frames:
        columns = Columns.fit(*frames)
        return [copying.row_keys(columns.encode(frame)) for frame in frames]
    return [copying.row_keys(np.asarray(views.rows)) for views in sets]


UNIT, ANY = (0.0, 1.0), (-math.inf, math.inf)

METRICS: dict[str, Metric] = {
    "frechet": Metric(
        "Fréchet distance [{space}]", "lower",
        "how far mean and covariance of the samples are off", _frechet,
    ),
    "kernel_distance": Metric(
        "Kernel distance [{space}]", "lower",
        "how far mean, covariance and skewness are off; about 0 at best", _kernel_distance,
        limits=ANY, max_rows=5_000,
    ),
    "classifier_frechet": Metric(
        "Fréchet distance [{embedding}]", "lower",
        "how far mean and covariance are off in what a classifier of the labels sees",
        _classifier_frechet,
    ),
    "classifier_kernel_distance": Metric(
        "Kernel distance [{embedding}]", "lower",
        "the same with skewness, and about 0 at best", _classifier_kernel_distance,
        limits=ANY, max_rows=5_000,
    ),
    "precision": Metric(
        "Precision [{space}]", "higher", "share of the samples that look like real rows",
        _prdc, "precision", share=True, max_rows=3_000,
    ),
    "recall": Metric(
        "Recall [{space}]", "higher", "share of the real rows that the generator could have made",
        _prdc, "recall", share=True, max_rows=3_000,
    ),
    "density": Metric(
        "Density [{space}]", 1.0,
        "how many real rows surround a sample, beside what real rows would have",
        _prdc, "density", max_rows=3_000,
    ),
    "coverage": Metric(
        "Coverage [{space}]", "higher", "share of the real rows that have a sample close by",
        _prdc, "coverage", share=True, max_rows=3_000,
    ),
    "sliced_wasserstein": Metric(
        "Sliced Wasserstein distance [{space}]", "lower",
        "how far mass must be moved to turn samples into real rows", _sliced_wasserstein,
    ),
    "wasserstein": Metric(
        "Wasserstein distance [{space}]", "lower",
        "the same in all directions at once: mean way from a sample to the real row it is paired "
        "with",
        _wasserstein, max_rows=500, quick=False,
    ),
    "mmd": Metric(
        "Squared MMD, Gaussian kernels [{space}]", "lower",
        "how far the densities are off, at five scales; about 0 at best",
        _mmd, "squared", limits=ANY, max_rows=2_000, quick=False,
    ),
    "mmd_p": Metric(
        "MMD permutation test, p [{space}]", "higher",
        "how often chance alone makes as large a difference; below .05 it is hardly chance",
        _mmd, "p_value", limits=UNIT, max_rows=2_000, quick=False,
    ),
    "c2st": Metric(
        "Two-sample test, AUC [{columns}]", 0.5,
        "how well a classifier tells samples from real rows; .5 is a guess, 1 is always",
        _c2st, limits=UNIT, max_rows=5_000,
    ),
    "modes": Metric(
        "Modes captured", "higher", "number of the true modes with at least one good sample",
        _modes, "captured", most="total",
    ),
    "high_quality": Metric(
        "High-quality samples", "higher",
        "share of the samples within 3 standard deviations of a true mode",
        _modes, "high_quality", share=True,
    ),
    "mode_kl": Metric(
        "KL of the modes", "lower", "how far the shares of the modes are off, in nats",
        _modes, "reverse_kl",
    ),
    "shape": Metric(
        "Shape error", "lower", "how far the single columns are off, from 0 to 1",
        _shape, "mean", limits=UNIT,
    ),
    "trend": Metric(
        "Trend error", "lower", "how far the pairs of columns are off, from 0 to 1",
        _trend, "mean", limits=UNIT,
    ),
    "label_agreement": Metric(
        "Label agreement", "higher",
        "share of the samples that a classifier gives the label they were asked to have",
        _label_agreement, share=True,
    ),
    "transfer": Metric(
        "Train on synthetic, test on real", "higher",
        "accuracy on real rows of a classifier that saw samples only",
        _transfer, share=True, max_rows=5_000, quick=False,
    ),
    "duplicates": Metric(
        "Duplicates", "lower", "share of the samples that stand among them more than once",
        _duplicates, share=True,
    ),
    "support": Metric(
        "Support size [{space}]", "higher",
        "number of different samples there seem to be, by how often two nearly agree",
        _support, limits=(1.0, math.inf), max_rows=3_000, quick=False,
    ),
    "copies": Metric(
        "Exact copies", "lower", "share of the samples that are training rows, cell for cell",
        _copies, share=True,
    ),
    "nearness": Metric(
        "Nearness to training rows [{space}]", 1.0,
        "median distance to the closest training row, over that of new rows; below 1 is too near",
        _nearness, control=_nearness_of_real, max_rows=3_000, quick=False,
    ),
    "closer": Metric(
        "Closer to training than to new rows [{space}]", 0.5,
        "share of the samples, as if both were equally many; above .5 they lean on training rows",
        _closer, control=_closer_of_real, limits=UNIT, max_rows=5_000, quick=False,
    ),
    "membership": Metric(
        "Membership advantage [{space}]", "lower",
        "how much better than chance the distance to samples tells who was trained on; 0 at best",
        _membership, control=_membership_of_real, limits=(-1.0, 1.0), max_rows=5_000, quick=False,
    ),
    "singling_out": Metric(
        "Singling-out risk", "lower",
        "how often what describes one sample alone describes one training row; 0 at best",
        _singling_out, "risk", control=_singling_out_of_real, span=True,
        limits=(-math.inf, 1.0), max_rows=5_000, quick=False,
    ),
    "inference": Metric(
        "Attribute inference risk", "lower",
        "how often the most similar sample gives away a cell of a training row; 0 at best",
        _inference, "risk", control=_inference_of_real, span=True,
        limits=(-math.inf, 1.0), max_rows=2_000, quick=False,
    ),
}  # fmt: skip
