"""Every metric on rows that break formulas: each gives finite numbers or its reason, unwarned."""

import dataclasses
import functools
import math
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sparring.evaluate import transfer
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.copying import birthday_support, nearest_distance
from sparring.evaluate.image_classifier import ImageClassifier
from sparring.evaluate.kernel import kernel_distance, mmd_test
from sparring.evaluate.prdc import precision_recall_density_coverage
from sparring.evaluate.suite import METRICS, Score, score
from sparring.evaluate.views import Known, Views
from tests.evaluate.test_suite import MODES

ROWS = 60


@pytest.fixture(autouse=True)
def few_steps(monkeypatch) -> None:
    monkeypatch.setattr(transfer, "IMAGE_STEPS", 12)


def points(seed: int, rows: int = ROWS) -> Views:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    x = MODES.centres[labels] + random.normal(size=(rows, 2))
    return Views(features=x / 3, space="standardised", labels=labels, points=x)


def table(seed: int, rows: int = ROWS) -> Views:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": random.normal(size=rows),
            "text": random.choice(["a", "b", "rare"], rows, p=[0.6, 0.3, 0.1]),
            "gap": np.where(random.random(rows) < 0.3, np.nan, random.normal(size=rows)),
            "label": random.choice(["no", "yes"], rows),
        }
    )
    one_hot = pd.get_dummies(frame[["text", "label"]]).reindex(columns=ONE_HOT, fill_value=0)
    features = np.column_stack([frame.x, frame.gap.fillna(0), one_hot]).astype(float)
    return Views(features, "encoded", frame.label.to_numpy(), frame)


ONE_HOT = ["text_a", "text_b", "text_rare", "label_no", "label_yes"]


def images(seed: int, rows: int = ROWS) -> Views:
    """More pixels than rows."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    x = random.integers(0, 50, (rows, 8, 8, 1)) + 200 * labels[:, None, None, None]
    flat = x.reshape(rows, 64) / 255
    return Views(flat, "pixels", labels, images=x.astype(np.uint8), embedding=flat[:, ::2],
                 embedding_space="net")  # fmt: skip


def constant(views: Views, seed: int) -> Views:
    return views.take(np.zeros(len(views), dtype=int))


def identical(views: Views, seed: int) -> Views:
    return views


def repeated(views: Views, seed: int) -> Views:
    return views.take(np.arange(len(views)) // 5 * 5)


def one_class(views: Views, seed: int) -> Views:
    rows = np.flatnonzero(views.labels == views.labels[0])
    return views.take(np.resize(rows, len(views)))


def one_category_less(views: Views, seed: int) -> Views:
    if views.frame is None:
        return views
    rows = np.flatnonzero(views.frame.text != "rare")
    return views.take(np.resize(rows, len(views)))


def far_away(views: Views, seed: int) -> Views:
    return dataclasses.replace(views, features=views.features * 1e30)


def all_missing(views: Views, seed: int) -> Views:
    if views.frame is None:
        return views
    return dataclasses.replace(views, frame=views.frame.assign(gap=np.nan, text=None))


KINDS = {"points": points, "table": table, "images": images}
CASES = [
    constant, identical, repeated, one_class, one_category_less, far_away, all_missing,
]  # fmt: skip
TRAIN = {kind: make(9) for kind, make in KINDS.items()}


@functools.cache
def known(kind: str) -> Known:
    train = TRAIN[kind]
    classifier = (
        ImageClassifier.fit(train.images, train.labels, steps=12)
        if train.images is not None
        else RowClassifier.fit(train.rows, train.labels, label_column="label")
    )
    return Known(MODES, classifier, train, "label")


def check(scores: list[Score]) -> dict[str, Score]:
    for s in scores:
        if s.skipped is not None:
            assert (s.value, s.floor, s.low, s.high) == (None,) * 4
            assert s.skipped
            assert "\n" not in s.skipped
            continue
        assert math.isfinite(s.value), s
        assert math.isfinite(s.floor), s
        if s.low is not None:
            assert s.low <= s.value + 1e-9, s
            assert s.value - 1e-9 <= s.high, s
    return {s.name: s for s in scores}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_hard_samples(case, kind):
    make = KINDS[kind]
    fake = case(make(1), 1)
    scores = check(score(list(METRICS), make(0), fake, TRAIN[kind], known(kind)))
    for name in ("precision", "c2st", "sliced_wasserstein", "duplicates", "copies", "mmd"):
        if case is not far_away:
            assert scores[name].skipped is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", [constant, repeated, one_class, all_missing])
def test_hard_real_rows(case, kind):
    make = KINDS[kind]
    real, train = case(make(0), 0), case(TRAIN[kind], 9)
    everything = dataclasses.replace(known(kind), train=train)
    check(score(list(METRICS), real, make(1), train, everything))
    check(score(list(METRICS), real, real, real, everything))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [0, 1, 2, 6, 21])
def test_few_rows(rows, kind):
    make = KINDS[kind]
    scores = check(score(list(METRICS), make(0, rows), make(1, rows), make(2, rows), known(kind)))
    assert scores["c2st"].skipped == f"{rows} rows are too few; at least 50 are needed"
    if rows == 0:
        assert all(s.skipped for s in scores.values())
    if rows >= 6:
        assert scores["recall"].value is not None


def test_a_constant_generator_is_worst_where_it_counts():
    fake = constant(points(1), 1)
    found = {
        s.name: s for s in score(list(METRICS), points(0), fake, TRAIN["points"], known("points"))
    }
    assert found["duplicates"].value == 1
    assert found["support"].value == 1
    assert found["recall"].value < 0.2
    assert found["modes"].value <= 1
    assert found["mmd_p"].value == pytest.approx(1 / 201)
    assert found["transfer"].skipped == "labels have 1 classes; 2 to 1000 are accepted"


def test_a_missing_class_shows_in_what_is_learnt_from_the_samples():
    three = np.arange(300) % 3
    real = dataclasses.replace(points(0, 300), labels=three, points=np.eye(3)[three][:, :2] * 9.0)
    fake = real.take(np.resize(np.flatnonzero(three != 2), 300))
    (found,) = score(["transfer"], real, fake, real, Known())
    assert found.value == pytest.approx(2 / 3, abs=0.01)
    assert found.floor == 1


@pytest.mark.parametrize(
    ("function", "rows"),
    [
        (kernel_distance, 6_000),
        (mmd_test, 2_500),
        (precision_recall_density_coverage, 5_000),
        (birthday_support, 5_000),
        (nearest_distance, 6_000),
    ],
)
def test_memory_grows_with_the_rows_and_not_with_their_pairs(function, rows):
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(rows, 2)), random.normal(size=(rows, 2))
    tracemalloc.start()
    try:
        function(real, fake)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    pairs = 8 * (2 * rows if function is mmd_test else rows) ** 2
    assert peak < pairs / 3
