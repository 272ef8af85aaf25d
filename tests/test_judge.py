from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.errors import ConfigError, InputError
from sparring.evaluate import image_classifier, transfer
from sparring.evaluate.suite import Score
from sparring.fit import fit
from sparring.judge import judge
from sparring.kinds.catalogue import KINDS
from sparring.plan import plan
from tests.conftest import TINY, rows_of, trained

EVERY = pytest.mark.parametrize("kind", KINDS)
LABELLED = pytest.mark.parametrize("labelled", [False, True], ids=["plain", "labelled"])
MODES = {"modes", "high_quality", "mode_kl"}
OF_LABELS = {"label_agreement", "transfer", "classifier_frechet", "classifier_kernel_distance"}
COPYING = {"copies", "nearness", "closer", "membership", "singling_out", "inference"}


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that judges images need not be good here."""
    monkeypatch.setattr(image_classifier, "MIN_STEPS", 12)
    monkeypatch.setattr(transfer, "IMAGE_STEPS", 12)


def by_name(scores: list[Score]) -> dict[str, Score]:
    return {score.name: score for score in scores}


@EVERY
@LABELLED
def test_every_metric_of_the_kind_stands_beside_its_floor(kind: str, labelled: bool) -> None:
    model = trained(kind, labelled)
    against = rows_of(kind, 50, labelled=labelled, seed=1)
    scores = judge(model, against, rows_of(kind, labelled=labelled), metrics="all")
    pointless = MODES | (set() if labelled else OF_LABELS)
    assert [s.name for s in scores] == [m for m in model.kind.metrics if m not in pointless]
    for s in scores:
        assert s.skipped is None, s
        assert s.rows == 50
        assert s.value is not None
        assert s.floor is not None
        assert np.isfinite([s.value, s.floor, s.low, s.high]).all()
    json.dumps([dataclasses.asdict(s) for s in scores], allow_nan=False)


@EVERY
def test_scores_are_the_same_for_the_same_seed(kind: str) -> None:
    model, against, train = trained(kind), rows_of(kind, 40, seed=1), rows_of(kind)
    assert judge(model, against, train, seed=3) == judge(model, against, train, seed=3)
    assert judge(model, against, train, seed=3) != judge(model, against, train, seed=4)


def test_known_modes_are_counted() -> None:
    rows = open_source("ring")
    rows = rows.take(np.arange(1_000))
    planned = plan(rows, Config(**TINY))
    scores = by_name(judge(fit(planned), planned.holdout, planned.train))
    assert scores["modes"].floor == 8
    assert scores.keys() >= MODES


@EVERY
def test_without_training_rows_half_of_those_given_are_the_floor(kind: str) -> None:
    rows = rows_of(kind, 110, labelled=True, seed=1)
    scores = judge(trained(kind, True), rows, None, metrics="all")
    assert {s.rows for s in scores} == {55}
    for s in scores:
        reason = "the training rows are not at hand" if s.name in COPYING else None
        assert s.skipped == reason


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_to_judge_by(n: int) -> None:
    rows = dataclasses.replace(rows_of("points").take(np.arange(n)), name="rows")
    for train in (None, rows_of("points")):
        with pytest.raises(InputError, match=rf"rows: {n} row\(s\) to judge by; train with a larg"):
            judge(trained("points"), rows, train)


@EVERY
def test_two_rows_give_scores_or_reasons(kind: str) -> None:
    rows = rows_of(kind, 2, labelled=True, seed=1)
    for s in judge(trained(kind, True), rows, rows_of(kind, labelled=True), metrics="all"):
        assert (s.value is None) is (s.skipped is not None)
        if s.value is not None:
            assert np.isfinite([s.value, s.floor]).all()


def test_rows_that_do_not_fit_are_told_first() -> None:
    with pytest.raises(InputError, match="column 'Int64' is no coordinate of points"):
        judge(trained("points"), rows_of("table"), None)
    with pytest.raises(InputError, match="data holds no points"):
        judge(trained("points"), rows_of("image"), None)


def test_a_difference_in_columns_types_or_sizes_is_named() -> None:
    frame = pd.DataFrame({"age": range(40), "town": ["a", "b"] * 20})
    model = fit(plan(Dataset(frame), Config(**TINY)))

    def says(words: str, x: pd.DataFrame | np.ndarray) -> None:
        with pytest.raises(InputError, match=words) as error:
            judge(model if isinstance(x, pd.DataFrame) else trained("image"), Dataset(x), None)
        assert "\n" not in str(error.value)

    says("town", frame.drop(columns="town"))
    says("age", frame.assign(age="old"))
    says("data: column 'town' holds numbers; the model's holds categories", frame.assign(town=1))
    says(r"shape \(9, 9, 1\), the model's are \(8, 8, 1\)", np.zeros((9, 9, 9, 1), np.uint8))
    says("holds no images", np.zeros((9, 8, 8, 1), np.float32))
    judge(model, Dataset(frame.assign(town=None)), None)


def test_metrics_are_chosen_by_name_or_set() -> None:
    model, rows, train = trained("points"), rows_of("points", seed=1), rows_of("points")

    def names(metrics: str | list[str]) -> list[str]:
        return [s.name for s in judge(model, rows, train, metrics=metrics)]

    assert set(names("quick")) < set(names("all"))
    assert names(["recall", "frechet", "recall"]) == ["recall", "frechet"]
    (skipped,) = judge(model, rows, train, metrics=["label_agreement"])
    assert skipped.skipped == "these rows have no labels"
    with pytest.raises(ConfigError, match="did you mean 'frechet'"):
        names(["frecht"])
    assert names("recall") == ["recall"]
    with pytest.raises(ConfigError, match="unknown metric 'fast'"):
        names("fast")


def test_the_classifier_is_made_only_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    made = type(trained("image", True).kind).classifier
    monkeypatch.setattr(
        "sparring.kinds.image.Image.classifier", lambda *a: asked.append(1) or made(*a)
    )
    model, rows = trained("image", True), rows_of("image", labelled=True)
    for metrics, times in (["frechet"], 0), (["label_agreement"], 1), (["classifier_frechet"], 2):
        (found,) = judge(model, rows_of("image", seed=1, labelled=True), rows, metrics=metrics)
        assert found.value is not None
        assert len(asked) == times


def test_at_most_so_many_rows_are_compared() -> None:
    scores = judge(trained("points"), rows_of("points", seed=1), rows_of("points"), rows=12)
    assert {s.rows for s in scores} == {12}


def test_categories_and_labels_that_training_never_saw_break_nothing() -> None:
    frame = pd.DataFrame(
        {
            "few": ["a", "b"] * 60,
            "many": [f"{i}" for i in range(120)],
            "x": np.arange(120.0),
            "y": ["yes", "no", "no"] * 40,
        }
    )
    model = fit(plan(Dataset(frame), Config(**TINY, target="y", holdout=0.0)))
    new = frame.assign(few="c", many="new", x=-7.0, y=["yes", "maybe", "no"] * 40)
    scores = by_name(judge(model, Dataset(new), Dataset(frame)))
    assert scores["label_agreement"].skipped is not None
    assert "maybe" in scores["label_agreement"].skipped
    for name in scores.keys() - {"label_agreement"}:
        assert scores[name].value is not None, scores[name]


def test_a_rare_category_may_be_held_out_whole() -> None:
    frame = pd.DataFrame({"rare": [*["a"] * 250, *map(str, range(50))], "x": range(300)})
    planned = plan(Dataset(frame), Config(**TINY))
    held, seen = (set(d.x["rare"]) for d in (planned.holdout, planned.train))
    assert held - seen
    assert all(s.value is not None for s in judge(fit(planned), planned.holdout, planned.train))


def test_too_few_labelled_rows_skip_the_classifier_alone() -> None:
    rows = rows_of("points", 19, labelled=True)
    scores = by_name(judge(trained("points", True), rows_of("points", 19, labelled=True), rows))
    assert scores["label_agreement"].skipped == "there is no classifier for this data"
    assert scores["frechet"].value is not None


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    judge(trained("points"), rows_of("points", seed=1), rows_of("points"))
    assert torch.get_num_threads() == before
