import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest

from sparring.data.dataset import Modes
from sparring.errors import ConfigError, InputError
from sparring.evaluate import suite
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.prdc import PRDC, precision_recall_density_coverage
from sparring.evaluate.suite import METRICS, Metric, score
from sparring.evaluate.views import Known, Views

MODES = Modes(
    np.array([[0.0, 0.0], [5.0, 5.0]]), np.tile(np.eye(2), (2, 1, 1)), np.array([0.5, 0.5])
)


def points(seed: int, rows: int = 120) -> Views:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    x = MODES.centres[labels] + random.normal(size=(rows, 2))
    return Views(features=x / 3, space="standardised", labels=labels, points=x)


def table(seed: int, rows: int = 120) -> Views:
    view = points(seed, rows)
    assert view.points is not None
    frame = pd.DataFrame(view.points, columns=["a", "b"]).assign(label=view.labels == 1)
    return Views(
        features=view.features, space="encoded", labels=frame.label.to_numpy(), frame=frame
    )


def images(seed: int, rows: int = 120) -> Views:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    pixels = (random.integers(0, 50, (rows, 8, 8, 1)) + 200 * labels[:, None, None, None]).astype(
        np.uint8
    )
    return Views(
        features=pixels.reshape(rows, -1)[:, :6] / 255, space="pixels", labels=labels, images=pixels
    )


class Brightness:
    classes = np.array([0, 1])
    accuracy = 1.0

    def predict(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        return (np.asarray(x).mean(axis=(1, 2, 3)) > 120).astype(int)


def known(kind: str) -> Known:
    if kind == "points":
        train = points(9)
        assert train.points is not None
        assert train.labels is not None
        return Known(modes=MODES, classifier=RowClassifier.fit(train.points, train.labels))
    if kind == "table":
        train = table(9)
        assert train.frame is not None
        assert train.labels is not None
        return Known(classifier=RowClassifier.fit(train.frame, train.labels, label_column="label"))
    return Known(classifier=Brightness())


KINDS = {"points": points, "table": table, "images": images}
NOT_FOR = {
    "points": {"shape", "trend"},
    "table": {"modes", "high_quality", "mode_kl"},
    "images": {"modes", "high_quality", "mode_kl", "shape", "trend"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_gives_a_number_or_a_reason(kind):
    make = KINDS[kind]
    scores = score(list(METRICS), make(0), make(1), make(2), known(kind))
    assert [s.name for s in scores] == list(METRICS)
    assert {s.name for s in scores if s.skipped} == NOT_FOR[kind]
    for s in scores:
        assert s.rows == 120
        assert "{" not in s.title
        if s.skipped:
            assert s.value is None
            assert s.floor is None
        else:
            assert s.value is not None
            assert s.floor is not None
            assert math.isfinite(s.value)
            assert math.isfinite(s.floor)
    json.dumps([dataclasses.asdict(s) for s in scores], allow_nan=False)


def test_samples_as_good_as_real_score_like_the_floor():
    for s in score(
        list(METRICS), points(0, 1000), points(1, 1000), points(2, 1000), known("points")
    ):
        if s.value is not None and s.floor is not None:
            assert s.value == pytest.approx(s.floor, abs=0.1)


def test_bad_samples_are_worse_than_the_floor_in_the_stated_direction():
    bad = Views(
        features=np.zeros((300, 2)) + 9,
        space="standardised",
        labels=np.arange(300) % 2,
        points=np.zeros((300, 2)) + 2.5,
    )
    for s in score(list(METRICS), points(0, 300), bad, points(2, 300), known("points")):
        if s.value is None or s.floor is None:
            continue
        if s.better == "lower":
            assert s.value > s.floor or s.name == "mode_kl"
        elif s.better == "higher":
            assert s.value < s.floor
        else:
            assert abs(s.value - s.better) > abs(s.floor - s.better)


def test_titles_name_the_feature_space():
    def title(name: str, view: Views) -> str:
        return score([name], view, view, view, Known())[0].title

    assert title("frechet", points(0)) == "Fréchet distance [standardised]"
    assert title("c2st", points(0)) == "Two-sample test, AUC [standardised]"
    assert title("c2st", table(0)) == "Two-sample test, AUC [table]"


def test_sets_are_cut_to_one_size(monkeypatch):
    seen = []

    def size(real: Views, fake: Views, known: Known) -> float:
        seen.append((len(real), len(fake)))
        return 0.0

    metric = Metric("size", "lower", "for the test", size, max_rows=50)
    monkeypatch.setattr(suite, "METRICS", {"size": metric})
    assert score(["size"], points(0, 80), points(1, 40), points(2, 60), Known())[0].rows == 40
    assert score(["size"], points(0, 80), points(1, 70), points(2, 60), Known())[0].rows == 50
    assert seen == [(40, 40)] * 2 + [(50, 50)] * 2


def test_rows_stay_together_when_cut(monkeypatch):
    def together(real: Views, fake: Views, known: Known) -> float:
        for view in (real, fake):
            assert view.frame is not None
            assert (view.frame.label.to_numpy() == view.labels).all()
            assert np.allclose(view.frame[["a", "b"]].to_numpy() / 3, view.features)
        return 0.0

    metric = Metric("together", "lower", "for the test", together, max_rows=50)
    monkeypatch.setattr(suite, "METRICS", {"together": metric})
    assert score(["together"], table(0), table(1), table(2), Known())[0].value == 0


def test_metrics_of_one_family_are_computed_once(monkeypatch):
    calls = []

    def counted(real: np.ndarray, fake: np.ndarray) -> PRDC:
        calls.append(len(real))
        return precision_recall_density_coverage(real, fake)

    monkeypatch.setattr(suite, "precision_recall_density_coverage", counted)
    score(["precision", "density", "recall", "coverage"], points(0), points(1), points(2), Known())
    assert len(calls) == 2


def test_floor_of_labels_is_not_flattered_by_training_rows():
    class Memory:
        """Knows the training rows by heart and nothing else."""

        classes = np.array([0, 1])
        accuracy = 0.5

        def predict(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
            train = points(2)
            assert train.points is not None
            assert train.labels is not None
            by_heart = dict(zip(map(tuple, train.points), train.labels, strict=True))
            return np.array([by_heart.get(tuple(row), 0) for row in np.asarray(x)])

    (found,) = score(
        ["label_agreement"], points(0), points(1), points(2), Known(classifier=Memory())
    )
    assert found.floor == pytest.approx(0.5, abs=0.15)


def test_the_seed_decides_everything():
    def values(seed: int) -> list[float | None]:
        names = ["sliced_wasserstein", "c2st", "precision"]
        sets = points(0, 200), points(1, 150), points(2, 180)
        return [s.value for s in score(names, *sets, Known(seed=seed))]

    assert values(1) == values(1)
    assert values(1) != values(2)


@pytest.mark.parametrize(
    ("name", "view", "known", "reason"),
    [
        ("modes", points(0), Known(), "the modes of this data are not known"),
        ("modes", table(0), Known(modes=MODES), "these rows are not points"),
        ("shape", points(0), Known(), "these rows are not a table"),
        ("label_agreement", points(0), Known(), "there is no classifier for this data"),
        (
            "label_agreement",
            dataclasses.replace(points(0), labels=None),
            Known(classifier=Brightness()),
            "these rows have no labels",
        ),
        ("recall", points(0, 5), Known(), "5 rows are too few; at least 6 are needed"),
        ("c2st", points(0, 20), Known(), "20 rows are too few; at least 50 are needed"),
        ("frechet", points(0, 0), Known(), "0 rows are too few; at least 2 are needed"),
    ],
)
def test_what_is_absent_is_said(name, view, known, reason):
    (found,) = score([name], view, view, view, known)
    assert (found.value, found.floor, found.skipped) == (None, None, reason)


def test_diverged_samples_are_named_and_not_scored():
    fake = dataclasses.replace(points(1), features=np.full((120, 2), np.nan))
    (found,) = score(["frechet"], points(0), fake, points(2), Known())
    assert found.skipped == "fake rows hold NaN, infinity or a value beyond 1e+60"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_json_does_not_know_are_named_and_not_scored(monkeypatch, value):
    metric = Metric("broken", "lower", "for the test", lambda real, fake, known: value)
    monkeypatch.setattr(suite, "METRICS", {"broken": metric})
    (found,) = score(["broken"], points(0), points(1), points(2), Known())
    assert found.value is None
    assert found.skipped == f"the value {value} or its floor {value} is not finite"


def test_unknown_names_and_other_spaces_are_errors():
    with pytest.raises(ConfigError, match="did you mean 'precision'"):
        score(["precison"], points(0), points(1), points(2), Known())
    with pytest.raises(InputError, match="different spaces: standardised, encoded"):
        score(["frechet"], points(0), table(1), points(2), Known())


def test_every_entry_is_documented():
    for name, metric in METRICS.items():
        assert name.replace("_", "").isalnum()
        assert metric.meaning
        assert "\n" not in metric.meaning
        assert metric.better in ("lower", "higher") or isinstance(metric.better, float)
