"""What a report shows of each kind of data; a new kind adds its entry at the foot of this file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.evaluate.classifier import agreements
from sparring.evaluate.tables import trend_errors
from sparring.kinds.columns.base import Name
from sparring.kinds.pictures import distributions
from sparring.kinds.style import named, text
from sparring.kinds.table import Table
from sparring.report.charts import image_grid, plot_samples
from sparring.report.columns import plot_errors, plot_pairs
from sparring.report.figures import draw_critic
from sparring.report.findings import Findings
from sparring.report.neighbours import NEIGHBOURS, plot_neighbours
from sparring.report.parts import Plate, Section, Sheet, drawn
from sparring.report.words import number
from sparring.sample import sample

FIRST_COLUMNS = 6  # on the first screen
PAGE_COLUMNS, MOST_COLUMNS = 12, 36
PAIRS, LISTED_PAIRS = 4, 12
CLASSES, OF_CLASS, JUDGED = 20, 10, 100
COPIED = 10  # samples whose neighbours are shown

Maker = Callable[[Findings], Section]


@dataclass(frozen=True)
class OfKind:
    """What is particular to the report of one kind.

    Attributes:
        headline: metrics for the first screen, of which the first three that have a value are
            shown.
        beside: a picture of real rows beside generated ones, or of these alone.
        sections: what comes between the signals and the scores.
    """

    headline: tuple[str, ...]
    beside: Callable[[Findings], Plate]
    sections: tuple[Maker, ...]


def _sides(found: Findings) -> str:
    """What a picture of both shows, or of samples alone."""
    return "Generated" if found.train is None else "Real beside generated"


def points_beside(found: Findings) -> Plate:
    figure = plot_samples(found.samples, found.train)
    return drawn(
        figure, f"{_sides(found)} points, drawn as dots at their coordinates",
        f"{_sides(found)} points. The two clouds should have the same shape and density.",
        wide=True,
    )  # fmt: skip


def image_beside(found: Findings) -> Plate:
    figure = plot_samples(found.samples, found.train)
    labelled = found.model.kind.labels is not None
    return drawn(
        figure, f"{_sides(found)} images" + (", a row for each label" if labelled else ""),
        f"{_sides(found)} images, none picked by hand.", chart=False, wide=True,
    )  # fmt: skip


def table_beside(found: Findings) -> Plate:
    columns = _worst_columns(found)
    names, which = columns[:FIRST_COLUMNS], ""
    if len(columns) > len(names):
        kept = "that are farthest off" if found.score("shape") else "that come first"
        which = f": the {len(names)} of {len(columns)} {kept}"
    return drawn(
        distributions(_readable(found, names)),
        f"{_sides(found)} distributions of the columns {', '.join(map(str, names))}",
        f"{_sides(found)} columns{which}. The two should agree.", wide=True,
    )  # fmt: skip


def critic(found: Findings) -> Section:
    """What D says of the plane, or how coordinates are distributed where it says nothing of one."""
    if found.train is None:
        return Section("What the critic thinks", missing=found.gone)
    if found.model.kind.shape.row != (2,) or found.model.config.pac > 1:
        sets = named(_coordinates(found.samples), _coordinates(found.train))
        plate = drawn(
            distributions(sets, of="points"), "Distribution of each coordinate, real and generated",
            "Each coordinate by itself, real and generated.", wide=True,
        )  # fmt: skip
        return Section("Each coordinate", plates=[plate])
    plate = drawn(
        draw_critic(found.model, found.train),
        "The critic's probability of being real over the plane, with real and generated points",
        "Blue: D takes what lies there for real; orange: for generated. The line is where it "
        "cannot tell. After a fair game there is little colour where real points lie.",
        wide=True,
    )  # fmt: skip
    return Section("What the critic thinks", plates=[plate])


def _coordinates(rows: Dataset) -> pd.DataFrame:
    x = np.asarray(rows.x)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])


def columns(found: Findings) -> Section:
    """The distribution of every column, those that are farthest off first."""
    if found.train is None:
        return Section("Column by column", missing=found.gone)
    names = _worst_columns(found)
    words = ["The columns that are farthest off come first; real rows are those of training."]
    if len(names) > MOST_COLUMNS:
        words.append(f"{len(names) - MOST_COLUMNS} more columns are closer and are not shown.")
    plates = []
    for i in range(0, min(len(names), MOST_COLUMNS), PAGE_COLUMNS):
        part = names[i : min(i + PAGE_COLUMNS, MOST_COLUMNS)]
        figure = distributions(_readable(found, part))
        alt = f"Real and generated distributions of {', '.join(map(str, part))}"
        caption = "Solid: real; dashed, or the second bar: generated."
        plates.append(drawn(figure, alt, caption, wide=True))
    sheets = []
    if shape := found.score("shape"):
        rows = [(p.columns[0], number(p.value), number(p.floor)) for p in shape.parts]
        head = ("column", "samples", "real rows")
        caption = "Error of each column, from 0 to 1"
        sheets.append(Sheet(caption, head, rows, frozenset({1, 2})))
    return Section("Column by column", words, plates, sheets)


def pairs(found: Findings) -> Section:
    """How far the pairs of columns are off, and the worst of them."""
    title = "Pair by pair"
    if found.train is None or found.holdout is None or found.unscored:
        return Section(title, missing=found.gone or found.unscored)
    kind = _table(found)
    real, fake = (v.frame for v in kind.views(found.holdout, found.samples))
    assert real is not None
    assert fake is not None
    try:
        errors = trend_errors(real, fake)
        matrix = plot_errors(errors)
    except InputError as error:
        return Section(title, missing=str(error))
    first, second = np.triu_indices(len(errors), k=1)
    order = np.argsort(-errors.to_numpy()[first, second], kind="stable")[:PAIRS]
    worst = [(errors.index[first[k]], errors.index[second[k]]) for k in order]
    real_cells, fake_cells = kind.readable(found.train), kind.readable(found.samples)
    plates = [
        drawn(
            matrix, "Error of each pair of columns as a matrix of colours",
            "The darker, the farther off is how two columns go together.", wide=True,
        ),
        drawn(
            plot_pairs(real_cells, fake_cells, worst),
            "Real and generated rows of " + "; ".join(f"{a} and {b}" for a, b in worst),
            "The pairs that are farthest off. Equal numbers and categories are drawn a little "
            "apart.",
            wide=True,
        ),
    ]  # fmt: skip
    sheets = []
    if trend := found.score("trend"):
        parts = trend.parts[:LISTED_PAIRS]
        rows = [(*p.columns, number(p.value), number(p.floor)) for p in parts]
        head = ("column", "and column", "samples", "real rows")
        sheets.append(Sheet("The pairs that are farthest off", head, rows, frozenset({2, 3})))
    return Section(title, plates=plates, sheets=sheets)


def _table(found: Findings) -> Table:
    assert isinstance(found.model.kind, Table)
    return found.model.kind


def _worst_columns(found: Findings) -> list[Name]:
    """Names of the learnt columns, that with the largest error first, where errors are known."""
    names = list(_table(found).readable(found.samples))
    shape = found.score("shape")
    errors = {} if shape is None else {part.columns[0]: part.value for part in shape.parts}
    return sorted(names, key=lambda name: -errors.get(str(name), 0.0))


def _readable(found: Findings, names: Sequence[Name]) -> dict[str, pd.DataFrame]:
    """Columns as a person reads them, real ones where they are at hand."""

    def frame(rows: Dataset) -> pd.DataFrame:
        cells = _table(found).readable(rows)
        return pd.DataFrame({cells[name].name: cells[name] for name in names})

    return named(frame(found.samples), None if found.train is None else frame(found.train))


def classes(found: Findings) -> Section:
    """Samples of every label, and how often a classifier sees that label in them."""
    labels = found.model.kind.labels
    if labels is None:
        images = np.asarray(found.samples.x)
        plate = drawn(
            image_grid(images), f"{len(images)} generated images",
            "Samples as they come, none picked by hand.", chart=False, wide=True,
        )  # fmt: skip
        return Section("More samples", plates=[plate])
    shown = labels.classes[:CLASSES]
    y = [label for label in shown for _ in range(JUDGED)]
    rows = sample(found.model, len(y), y=y, seed=found.model.config.seed)
    names, words = list(map(str, shown)), ["A row for each label, none picked by hand."]
    if found.train is not None:
        try:
            classifier = found.model.kind.classifier(found.train, 0)
            assert classifier is not None  # it has labels
            right = agreements(classifier, np.asarray(rows.x), np.asarray(y))
        except InputError as error:
            words.append(f"How often a classifier agrees cannot be told: {error}.")
        else:
            shares = right.reshape(len(shown), JUDGED).mean(1)
            names = [f"{text(n, 8)}: {s:.0%}" for n, s in zip(shown, shares, strict=True)]
            words.append(
                f"Beside each label: of {JUDGED} samples asked to be it, the share that a "
                "classifier takes for it. The classifier learnt from the training images."
            )
    if len(labels.classes) > CLASSES:
        words.append(f"The first {CLASSES} of {len(labels.classes)} labels.")
    images = np.asarray(rows.x).reshape(len(shown), JUDGED, *np.asarray(rows.x).shape[1:])
    plate = drawn(
        image_grid(np.concatenate(images[:, :OF_CLASS]), columns=OF_CLASS, row_labels=names),
        f"{OF_CLASS} generated images of each label: {', '.join(names)}", "Generated images.",
        chart=False, wide=True,
    )  # fmt: skip
    return Section("Label by label", words, [plate])


def neighbours(found: Findings) -> Section:
    """Samples beside the training images that are most like them."""
    title = "Nearest training images"
    if found.train is None:
        return Section(title, missing=found.gone)
    images, y = np.asarray(found.samples.x), found.samples.y
    places = np.linspace(0, len(images) - 1, min(COPIED, len(images))).astype(int)
    if y is not None:
        places = np.unique(y, return_index=True)[1][:COPIED]
    names = [] if y is None else y[places].tolist()
    plate = drawn(
        plot_neighbours(images[places], np.asarray(found.train.x), names=names),
        f"{len(places)} samples, each with the {NEIGHBOURS} training images nearest to it",
        "A sample that equals its neighbour is a copy; one that only resembles it is not. "
        "The share of copies is among the scores.",
        chart=False, wide=True,
    )  # fmt: skip
    return Section(title, plates=[plate])


OF_KIND: dict[str, OfKind] = {
    "points": OfKind(
        ("sliced_wasserstein", "coverage", "c2st", "frechet"), points_beside, (critic,)
    ),
    "table": OfKind(("shape", "trend", "c2st", "coverage"), table_beside, (columns, pairs)),
    "image": OfKind(
        ("label_agreement", "classifier_frechet", "coverage", "frechet", "c2st"), image_beside,
        (classes, neighbours),
    ),
}  # fmt: skip
