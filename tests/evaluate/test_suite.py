import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparring.data.dataset import Modes
from sparring.errors import ConfigError, InputError
from sparring.evaluate import suite, transfer
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.jackknife import Statistic, rerun
from sparring.evaluate.prdc import PRDC, prdc_statistic
from sparring.evaluate.score import Part
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
    flat = pixels.reshape(rows, -1) / 255
    return Views(
        features=flat[:, :6],
        space="pixels",
        labels=labels,
        images=pixels,
        embedding=flat[:, 6:10],
        embedding_space="net-1",
    )


class Brightness:
    classes = np.array([0, 1])
    accuracy = 1.0
    space = None

    def predict(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        return (np.asarray(x).mean(axis=(1, 2, 3)) > 120).astype(int)


def known(kind: str) -> Known:
    train = KINDS[kind](9)
    assert train.labels is not None
    if kind == "points":
        classifier = RowClassifier.fit(train.rows, train.labels)
        return Known(modes=MODES, classifier=classifier, train=train)
    if kind == "table":
        classifier = RowClassifier.fit(train.rows, train.labels, label_column="label")
        return Known(classifier=classifier, train=train, label_column="label")
    return Known(classifier=Brightness(), train=train)


KINDS = {"points": points, "table": table, "images": images}


@pytest.fixture(autouse=True)
def few_steps(monkeypatch) -> None:
    """A network that learns from images need not be good here."""
    monkeypatch.setattr(transfer, "IMAGE_STEPS", 12)


EMBEDDED = {"classifier_frechet", "classifier_kernel_distance"}
NOT_FOR = {
    "points": {"shape", "trend", "singling_out", "inference"} | EMBEDDED,
    "table": {"modes", "high_quality", "mode_kl"} | EMBEDDED,
    "images": {"modes", "high_quality", "mode_kl", "shape", "trend", "singling_out", "inference"},
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
            assert s.low is not None
            assert s.high is not None
            assert s.low <= s.value <= s.high
    json.dumps([dataclasses.asdict(s) for s in scores], allow_nan=False)


def test_samples_as_good_as_real_score_like_the_floor():
    for s in score(
        list(METRICS), points(0, 1000), points(1, 1000), points(2, 1000), known("points")
    ):
        if s.name in ("mmd_p", "support"):  # a uniform number, and one that doubles by chance
            continue
        if s.value is not None and s.floor is not None:
            assert s.value == pytest.approx(s.floor, abs=0.12 * max(1, abs(s.floor)))


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
        if s.name == "membership":  # nor do they tell who was trained on
            assert s.value == pytest.approx(0, abs=0.1)
        elif s.name == "nearness":  # samples nowhere near the data lean on nothing
            assert s.value > 2
        elif s.better == "lower":
            assert s.value > s.floor or s.name in ("mode_kl", "copies")
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
    assert title("classifier_frechet", images(0)) == "Fréchet distance [net-1]"
    assert title("classifier_frechet", points(0)) == "Fréchet distance [classifier]"


def test_sets_are_cut_to_one_size(monkeypatch):
    seen = []

    def size(real: Views, fake: Views, known: Known) -> Statistic[float]:
        seen.append((len(real), len(fake)))
        return lambda without: 0.0

    metric = Metric("size", "lower", "for the test", size, max_rows=50)
    monkeypatch.setattr(suite, "METRICS", {"size": metric})
    assert score(["size"], points(0, 80), points(1, 40), points(2, 60), Known())[0].rows == 40
    assert score(["size"], points(0, 80), points(1, 70), points(2, 60), Known())[0].rows == 50
    assert seen == [(40, 40)] * 2 + [(50, 50)] * 2


def test_rows_stay_together_when_cut(monkeypatch):
    def together(real: Views, fake: Views, known: Known) -> Statistic[float]:
        for view in (real, fake):
            assert view.frame is not None
            assert (view.frame.label.to_numpy() == view.labels).all()
            assert np.allclose(view.frame[["a", "b"]].to_numpy() / 3, view.features)
        return lambda without: 0.0

    metric = Metric("together", "lower", "for the test", together, max_rows=50)
    monkeypatch.setattr(suite, "METRICS", {"together": metric})
    assert score(["together"], table(0), table(1), table(2), Known())[0].value == 0


def test_metrics_of_one_family_are_computed_once(monkeypatch):
    calls = []

    def counted(real: np.ndarray, fake: np.ndarray) -> Statistic[PRDC]:
        calls.append(len(real))
        return prdc_statistic(real, fake)

    monkeypatch.setattr(suite, "prdc_statistic", counted)
    score(["precision", "density", "recall", "coverage"], points(0), points(1), points(2), Known())
    assert len(calls) == 2


def test_floor_of_labels_is_not_flattered_by_training_rows():
    class Memory:
        """Knows the training rows by heart and nothing else."""

        classes = np.array([0, 1])
        accuracy = 0.5
        space = None

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
        ("copies", points(0), Known(), "the training rows are not at hand"),
        ("closer", points(0), Known(), "the training rows are not at hand"),
        (
            "closer",
            points(0, 1),
            Known(train=points(9)),
            "1 rows are too few; at least 2 are needed",
        ),
        (
            "nearness",
            points(0),
            Known(train=points(0)),
            "half of the held-out rows, or more, stand among the training rows too",
        ),
        ("membership", points(0), Known(), "the training rows are not at hand"),
        ("singling_out", points(0), Known(train=points(9)), "these rows are not a table"),
        (
            "inference",
            table(0, 10),
            Known(train=table(9)),
            "10 rows are too few; at least 20 are needed",
        ),
        ("classifier_frechet", points(0), Known(), "there is no classifier with features"),
        ("transfer", points(0, 19), Known(), "19 rows are too few for a classifier; 20 are needed"),
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
    metric = Metric("b", "lower", "for the test", lambda *sets: lambda without: value)
    monkeypatch.setattr(suite, "METRICS", {"broken": metric})
    (found,) = score(["broken"], points(0), points(1), points(2), Known())
    assert found.value is None
    assert found.skipped == f"the value {value} or its floor {value} is not finite"


def test_unknown_names_and_other_spaces_are_errors():
    with pytest.raises(ConfigError, match="did you mean 'precision'"):
        score(["precison"], points(0), points(1), points(2), Known())
    with pytest.raises(InputError, match="different spaces: standardised, encoded"):
        score(["frechet"], points(0), table(1), points(2), Known())


def test_the_interval_is_the_jackknife_and_wilsons_where_that_is_wider(monkeypatch):
    share = Metric("s", "higher", "for the test", share_above(0), share=True)
    number = dataclasses.replace(share, share=False, limits=(-1.0, 0.6))
    monkeypatch.setattr(suite, "METRICS", {"share": share, "number": number})
    views = points(0, 100)
    everywhere = dataclasses.replace(views, features=np.ones((100, 2)))
    found = score(["share", "number"], views, everywhere, views, Known())
    assert found[0].low == pytest.approx(1 / (1 + 1.959964**2 / 100))  # Wilson's, for 100 of 100
    assert found[0].high == 1
    assert (found[1].low, found[1].high) == (1, 0.6)
    some = dataclasses.replace(views, features=np.arange(200.0).reshape(100, 2) - 100)
    (half,) = score(["share"], views, some, views, Known())
    # The deviation of a share of 100 rows is about .05, and 2.09 of it are 95 % of Student's t.
    assert half.high - half.low == pytest.approx(2 * 2.093 * 0.05, rel=0.35)


def share_above(least: float):
    return lambda real, fake, known: rerun(lambda x: (x[:, 0] > least).mean(), fake.features)


def test_too_few_rows_for_an_interval_leave_it_out():
    three = points(0, 3)
    (found,) = score(["frechet"], three, points(1, 2), three, Known())
    assert found.value is not None
    assert (found.low, found.high, found.skipped) == (None, None, None)


def test_the_number_of_modes_cannot_exceed_those_there_are():
    (found,) = score(["modes"], points(0), points(1), points(2), known("points"))
    assert (found.low, found.value, found.high) == (2, 2, 2)


def test_columns_and_pairs_are_told_the_worst_first():
    fake = table(1)
    assert fake.frame is not None
    fake = dataclasses.replace(fake, frame=fake.frame.assign(b=99.0))
    shape, trend = score(["shape", "trend"], table(0), fake, table(2), Known())
    assert shape.parts[0].columns == ("b",)
    assert {part.columns for part in shape.parts} == {("a",), ("b",), ("label",)}
    assert np.mean([part.value for part in shape.parts]) == pytest.approx(shape.value)
    assert np.mean([part.floor for part in shape.parts]) == pytest.approx(shape.floor)
    assert {part.columns for part in trend.parts} == {("a", "b"), ("a", "label"), ("b", "label")}
    values = [part.value for part in trend.parts]
    assert values == sorted(values, reverse=True)
    assert score(["frechet"], table(0), fake, table(2), Known())[0].parts == ()
    assert isinstance(shape.parts[0], Part)


def test_a_copier_is_found_and_an_honest_generator_is_not_accused():
    train, held_out = points(9, 400), points(0, 400)
    names = ["copies", "nearness", "closer", "duplicates"]
    copier = train.take(np.random.default_rng(0).integers(0, 400, 400))
    found = {s.name: s for s in score(names, held_out, copier, train, Known(train=train))}
    assert (found["copies"].value, found["copies"].floor) == (1, 0)
    assert (found["nearness"].value, found["closer"].value) == (0, 1)
    assert found["nearness"].floor == pytest.approx(1, abs=0.35)
    assert found["closer"].floor == pytest.approx(0.5, abs=0.1)
    assert found["duplicates"].value == pytest.approx(1 - np.exp(-1), abs=0.06)
    honest = {s.name: s for s in score(names, held_out, points(1, 400), train, Known(train=train))}
    assert honest["copies"].value == honest["duplicates"].value == 0
    assert honest["nearness"].value == pytest.approx(1, abs=0.35)
    assert honest["closer"].value == pytest.approx(0.5, abs=0.1)


def test_attacks_catch_a_copier_and_spare_an_honest_generator():
    names = ["membership", "singling_out", "inference"]
    train, held_out = table(9, 400), table(0, 400)
    known = Known(train=train)
    copier = train.take(np.random.default_rng(0).permutation(400))
    for s in score(names, held_out, copier, train, known):
        assert s.value is not None
        assert s.value > 0.95
        assert s.floor == pytest.approx(0, abs=0.25)  # of 200 rows
        assert s.low is not None
        assert s.low > 0.85
    for s in score(names, held_out, table(1, 400), train, known):
        assert s.value == pytest.approx(0, abs=0.15)


def test_copies_of_a_table_are_found_whatever_the_dtypes():
    train = table(9)
    assert train.frame is not None
    other = train.frame.assign(a=train.frame.a.astype("Float64")).astype({"label": object})
    fake = dataclasses.replace(train, frame=other)
    (found,) = score(["copies"], table(0), fake, table(1), Known(train=train))
    assert (found.value, found.floor) == (1, 0)


def test_the_interval_covers_what_other_rows_would_give():
    # The spread of the value over fresh rows is what the interval is to foretell.
    names = ["frechet", "sliced_wasserstein", "wasserstein", "mmd", "kernel_distance", "precision",
             "recall", "coverage", "density"]  # fmt: skip
    runs = []
    for seed in range(12):
        fake = points(1000 + seed, 200)
        fake = dataclasses.replace(fake, features=fake.features * 1.3 + 0.2)
        runs.append(score(names, points(seed, 200), fake, points(7, 200), Known()))
    for scores in zip(*runs, strict=True):
        found = pd.DataFrame([dataclasses.asdict(s) for s in scores])
        told = (found.high - found.low).mean() / (2 * 2.093)
        assert 0.5 < told / found.value.std() < 2, scores[0].name


def test_every_entry_is_documented():
    for name, metric in METRICS.items():
        assert name.replace("_", "").isalnum()
        assert metric.meaning
        assert "\n" not in metric.meaning
        assert metric.better in ("lower", "higher") or isinstance(metric.better, float)


def test_the_page_on_judging_explains_every_metric():
    page = (Path(__file__).parents[2] / "docs" / "judging.md").read_text(encoding="utf-8")
    headings = " ".join(line for line in page.splitlines() if line.startswith("### "))
    assert {name for name in METRICS if f"`{name}`" not in headings} == set()
