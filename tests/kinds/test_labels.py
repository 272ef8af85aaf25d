from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.errors import InputError
from sparring.kinds.labels import MAX_CLASSES, Labels


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (np.array(["b", "a", "b", "b"]), ("a", "b")),
        (np.array([3, -1, 3, 3], dtype=np.int16), (-1, 3)),
        (np.array([2.0, 0.0, 2.0, 2.0]), (0.0, 2.0)),
        (np.array([True, False, True, True]), (False, True)),
        (np.array(["b", "a", "b", "b"], dtype=object), ("a", "b")),
        (np.array([np.int64(7), 5, 7, 7], dtype=object), (5, 7)),
        (pd.Series([7, 5, 7, 7], dtype="Int64").to_numpy(), (5, 7)),
        (pd.Series(["b", "a", "b", "b"], dtype="category").to_numpy(), ("a", "b")),
    ],
)
def test_classes_are_plain_sorted_and_come_back(values: np.ndarray, classes: Any) -> None:
    labels = Labels.fit(values)
    assert labels.classes == classes
    assert [type(c) for c in labels.classes] == [type(c) for c in classes]
    assert labels.shares == (0.25, 0.75)
    indices = labels.encode(values)
    assert indices.dtype == torch.int64
    assert indices.tolist() == [1, 0, 1, 1]
    assert labels.decode(indices).tolist() == [classes[i] for i in indices]
    assert Labels.from_dict(json.loads(json.dumps(labels.to_dict()))) == labels


@pytest.mark.parametrize("wanted", [3, 3.0, "3", np.int8(3), np.array(3), torch.tensor([3])])
def test_a_class_may_be_named_by_its_text(wanted: Any) -> None:
    assert Labels.fit(np.array([1, 3])).encode(wanted).tolist() == [1]
    assert Labels.fit(np.array([1.0, 3.0])).encode(wanted).tolist() == [1]


def test_large_floats_are_told_apart_by_their_texts() -> None:
    labels = Labels.fit(np.array([2023001.0, 2023002.0, 1e6]))
    assert labels.encode(["2023002", "1000000"]).tolist() == [2, 0]


def test_booleans_by_text() -> None:
    assert Labels.fit(np.array([True, False])).encode("True").tolist() == [1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array(["a", None], dtype=object), r"income: row 1 \(from 0\) has no label"),
        (np.array([0.0, np.nan]), r"row 1 \(from 0\) has no label"),
        (pd.Series([1, None], dtype="Int64").to_numpy(), r"row 1 \(from 0\) has no label"),
        (pd.Series([None, True], dtype="boolean").to_numpy(), r"row 0 \(from 0\) has no label"),
        (np.array([0.0, 1.5]), "income: 1.5 is no class"),
        (np.array([0.0, np.inf]), "income: inf is no class"),
        (np.array(["a", 1], dtype=object), "income holds int, str; labels must be all texts"),
        (np.array(["2020-01-01"], dtype="M8[s]"), "income holds datetime; labels must be"),
        (np.array([b"a"]), "income holds bytes"),
        (np.arange(MAX_CLASSES + 1), "income has 1,001 distinct values; at most 1,000 classes"),
    ],
)
def test_what_is_no_label(values: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Labels.fit(values, "income")


@pytest.mark.parametrize("wanted", ["bleu", ["a", "bleu"]])
def test_an_unknown_class_lists_the_valid_ones(wanted: Any) -> None:
    labels = Labels.fit(np.array(["a", "blue"]), "colour")
    with pytest.raises(InputError, match=r"unknown colour 'bleu'; did you mean 'blue'\?.*a, blue"):
        labels.encode(wanted)


def test_draws_have_the_shares_of_training_and_a_seed() -> None:
    labels = Labels.fit(np.array(["a"] * 9 + ["b"]))
    drawn = labels.draw(10_000, torch.Generator().manual_seed(0))
    assert drawn.float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert torch.equal(drawn, labels.draw(10_000, torch.Generator().manual_seed(0)))
