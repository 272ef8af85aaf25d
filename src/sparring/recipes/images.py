"""What all recipes on MNIST share: rows, numbers, the verdict of collapse, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial.distance import pdist

from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.evaluate.frechet import frechet_distance
from sparring.evaluate.image_classifier import ImageClassifier, cached_image_classifier
from sparring.evaluate.prdc import precision_recall_density_coverage
from sparring.model import Model
from sparring.recipes.base import FLOOR, Measure, Results, Trained, Values
from sparring.report.charts import image_grid, plot_filmstrip, plot_losses
from sparring.sample import sample

JUDGED = 5_000
PAIRED = 1_000  # images of which all pairs are compared
NEIGHBOURED = 2_000  # images whose neighbours are sought
QUICK_ROWS, QUICK_JUDGED = 3_000, 500
GRID = 64
PER_DIGIT = 5
# A run has collapsed when its samples differ from each other by less than half of what real
# images do, or when the digits that the classifier sees in them have less than half the entropy.
LEAST_DISTANCE, LEAST_ENTROPY = 0.5, 0.5
RULE = (
    "collapsed: the mean distance between two samples is below half of that between two real "
    "images, or the entropy of the digits that a classifier sees in them is below half of ln 10"
)


class Reference(NamedTuple):
    """Test images, and what is known of them to compare samples with.

    Attributes:
        classifier: trained on the training images.
        features: of the test images, by the classifier.
        distance: mean distance between two of them.
        floor: what training images give in the place of samples.
    """

    test: np.ndarray
    classifier: ImageClassifier
    features: np.ndarray
    distance: float
    floor: Values


@cache
def opened(quick: bool) -> tuple[Dataset, Dataset]:
    """Training and test images; the first few thousand of them if quick.

    Raises:
        InputError: they are nowhere on this machine; it names the four files and where they go.
    """
    train, test = open_source("mnist"), open_source("mnist:test")
    if not quick:
        return train, test
    return (
        train.take(np.arange(min(len(train), QUICK_ROWS))),
        test.take(np.arange(min(len(test), QUICK_JUDGED))),
    )


def digits(labelled: bool, seed: int, quick: bool) -> Dataset:
    """The training images, with or without their labels."""
    train = opened(quick)[0]
    return train if labelled else Dataset(train.x, name=train.name)


@cache
def reference(quick: bool) -> Reference:
    """What samples are compared with."""
    train, test = opened(quick)
    assert train.y is not None
    assert test.y is not None
    x, truth = np.asarray(test.x)[:JUDGED], test.y[:JUDGED]
    classifier = cached_image_classifier(np.asarray(train.x), train.y)
    made = Reference(x, classifier, classifier.features(x), mean_distance(x), {})
    floor = numbers(np.asarray(train.x)[: len(x)], made)
    floor["agreement"] = float((classifier.predict(x) == truth).mean())
    return made._replace(floor={FLOOR + key: value for key, value in floor.items()})


def mean_distance(images: np.ndarray) -> float:
    """The mean Euclidean distance between two images, pixels in [0, 1]."""
    return float(pdist(images[:PAIRED].reshape(min(len(images), PAIRED), -1) / 255.0).mean())


def numbers(images: np.ndarray, real: Reference) -> Values:
    """How images (n, h, w, c) compare with the test images, without their labels."""
    features = real.classifier.features(images)
    near = precision_recall_density_coverage(real.features[:NEIGHBOURED], features[:NEIGHBOURED])
    seen = np.bincount(np.searchsorted(real.classifier.classes, real.classifier.predict(images)))
    share = seen[seen > 0] / seen.sum()
    return {
        "distance": frechet_distance(real.features, features),
        "precision": near.precision,
        "coverage": near.coverage,
        "spread": mean_distance(images) / real.distance,
        "entropy": max(0.0, float(-(share * np.log(share)).sum() / np.log(10))),
    }


def measure(trained: Trained) -> Values:
    """The numbers of samples, the verdict, and for a conditional model how often it obeys."""
    real = reference(trained.quick)
    n = len(real.test)
    labels = None
    if trained.model.kind.labels is not None:
        labels = np.arange(n) % 10
    images = trained.draw(n, labels)
    values = numbers(images, real) | real.floor
    values["collapsed"] = float(collapsed(values))
    if labels is not None:
        values["agreement"] = float((real.classifier.predict(images) == labels).mean())
    return values


def collapsed(values: Mapping[str, float]) -> bool:
    """The verdict; see RULE."""
    return values["spread"] < LEAST_DISTANCE or values["entropy"] < LEAST_ENTROPY


MEASURES = (
    Measure("distance", "Fréchet distance [classifier]", 1),
    Measure("precision", "precision"),
    Measure("coverage", "coverage"),
    Measure("spread", "distance of two samples, over real", 2),
    Measure("entropy", "entropy of the digits, over ln 10", 2),
    Measure("collapsed", "collapsed", 1),
)
AGREEMENT = Measure("agreement", "label agreement")


def keep(model: Model, path: Path) -> None:
    """The images that the figures show."""
    np.save(path / "images.npy", shown(model))


def shown(model: Model) -> np.ndarray:
    """The same latents every time: 64, or five of each digit."""
    if model.kind.labels is None:
        return np.asarray(sample(model, GRID).x)
    labels = np.repeat(model.kind.labels.classes, PER_DIGIT)
    return np.asarray(sample(model, len(labels), y=labels).x)


def columns(images: np.ndarray) -> int:
    """How many images stand in a row: 8 of 64, five of one digit."""
    return 8 if len(images) == GRID else PER_DIGIT


def draw_grid(experiment: str, results: Results) -> Figure:
    """What a trained G draws."""
    images = shown(results.trained(experiment).model)
    return image_grid(images, columns=columns(images))


def draw_film(experiment: str, results: Results) -> Figure:
    """What it draws before the first step and at every tenth of the run."""
    trained = results.trained(experiment)
    epochs = trained.model.config.epochs
    panels = []
    for frame in trained.frames[1:] if len(trained.frames) > 10 else trained.frames:
        done = int(frame.name) / 10 * (epochs or 0)
        images = np.load(frame / "images.npy", allow_pickle=False)
        panels.append((f"epoch {done:.3g}", partial(draw_sheet, images)))
    return plot_filmstrip(panels, columns=5 if columns(images) == PER_DIGIT else 4)


def draw_sheet(images: np.ndarray, axes: Axes) -> None:
    """Images as one picture, in rows."""
    wide = columns(images)
    rows = [np.concatenate(list(images[i : i + wide]), axis=1) for i in range(0, len(images), wide)]
    sheet = np.concatenate(rows)
    axes.imshow(sheet.squeeze(-1), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def draw_losses(experiment: str, results: Results) -> Figure:
    trained = results.trained(experiment)
    return plot_losses(trained.log, loss=trained.model.config.loss)


def draw_beside(experiments: Mapping[str, str], results: Results) -> Figure:
    """Grids of several experiments side by side.

    Args:
        experiments: what each is called in the figure.
    """
    grids = {title: shown(results.trained(name).model) for name, title in experiments.items()}
    fewest = min(map(len, grids.values()))  # grids on common axes are of one size
    panels = [(title, partial(draw_sheet, images[:fewest])) for title, images in grids.items()]
    return plot_filmstrip(panels, columns=min(3, len(panels)))
