from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError
from sparring.fit import fit
from sparring.kinds.clusters import LEAST, USUAL, Clusters
from sparring.kinds.image import Image
from sparring.plan import plan
from sparring.sample import sample

RANDOM = np.random.default_rng(0)


def two_sorts(dark: int, light: int, side: int = 8, channels: int = 1) -> np.ndarray:
    levels = np.repeat([40, 200], [dark, light])[:, None, None, None]
    noise = RANDOM.integers(-30, 30, (dark + light, side, side, channels))
    return (levels + noise).astype(np.uint8)


@pytest.mark.parametrize("side", [8, 20, 33])
@pytest.mark.parametrize("channels", [1, 3])
def test_alike_images_are_of_one_cluster(side: int, channels: int) -> None:
    images = two_sorts(75, 25, side, channels)
    clusters = Clusters.fit(images, None, 2, seed=0)
    assert clusters is not None
    found = clusters.encode(images, None).numpy()
    assert {len(set(found[:75])), len(set(found[75:]))} == {1}
    assert found[0] != found[-1]
    assert sorted(clusters.shares) == [0.25, 0.75]


def test_few_images_are_not_parted() -> None:
    assert Clusters.fit(two_sorts(USUAL, USUAL - 1), None, 20, seed=0) is None
    assert Clusters.fit(two_sorts(USUAL, USUAL), None, 1, seed=0) is None


def test_no_centre_is_an_image_or_a_few() -> None:
    images = two_sorts(200, LEAST - 1)
    assert Clusters.fit(images, None, 2, seed=0) is None
    clusters = Clusters.fit(images, None, 4, seed=0)
    assert clusters is not None
    counts = np.bincount(clusters.encode(images, None).numpy())
    assert counts.min() >= LEAST


def test_images_all_alike_are_not_parted() -> None:
    assert Clusters.fit(np.full((200, 8, 8, 1), 7, np.uint8), None, 20, seed=0) is None


def test_they_come_back_from_json() -> None:
    labels = torch.arange(150) % 2
    clusters = Clusters.fit(two_sorts(80, 70), labels, 20, seed=0)
    assert clusters is not None
    assert Clusters.from_dict(json.loads(json.dumps(clusters.to_dict()))) == clusters


def test_samples_come_from_each_cluster_as_often_as_it_has_images_and_have_no_label() -> None:
    config = Config(clusters=2, steps=2, width=4, engine="eager", holdout=0.0, threads=1)
    planned = plan(Dataset(two_sorts(75, 25), name="x"), config)
    assert isinstance(planned.kind, Image)
    assert planned.kind.clusters is not None
    assert planned.kind.labels is None
    assert "2 clusters" in planned.kind.notes[0]
    model = fit(planned)
    assert sample(model, 10).y is None
    shares = planned.kind.clusters.shares
    random = torch.Generator().manual_seed(0)
    made = planned.kind.ask(1000).condition(range(1000), random).y.mean(dim=0)
    assert made.numpy() == pytest.approx(shares, abs=0.05)
    with pytest.raises(InputError, match="unconditional"):
        sample(model, 10, y=0)


def test_labels_have_clusters_of_their_own() -> None:
    images, labels = two_sorts(150, 50), np.array(["b", "a", "a", "c"] * 50)
    kind = Image.fit(Dataset(images, labels), Config(clusters=4))
    assert kind.clusters is not None
    assert kind.clusters.labels == (0, 0, 1, 2)  # "a" is half of them, the others a quarter each
    assert kind.shape.conditions == 4
    assert "within the labels" in kind.notes[0]
    codes = kind.encode_labels(Dataset(images, labels)).numpy()
    assert [set(codes[labels == label]) for label in "abc"] == [{0, 1}, {2}, {3}]
    light = images.mean(axis=(1, 2, 3)) > 120
    first, second = (set(codes[(labels == "a") & some]) for some in (light, ~light))
    assert {frozenset(first), frozenset(second)} == {frozenset({0}), frozenset({1})}
    assert kind.clusters.shares == pytest.approx(
        np.bincount(codes, minlength=4) / len(codes), abs=1e-9
    )


def test_samples_of_a_label_come_from_its_clusters_by_their_shares() -> None:
    images, labels = two_sorts(150, 50), np.arange(200) % 2
    config = Config(clusters=4, steps=2, width=4, engine="eager", holdout=0.0, threads=1)
    planned = plan(Dataset(images, labels, name="x"), config)
    random = torch.Generator().manual_seed(0)
    told = planned.kind.ask(1000, y=1).condition(range(1000), random)
    assert told.labels is not None
    assert set(told.labels.tolist()) == {1}
    mine = np.array(planned.kind.clusters.labels) == 1
    shares = np.array(planned.kind.clusters.shares) * mine
    assert told.y.mean(dim=0).numpy() == pytest.approx(shares / shares.sum(), abs=0.05)
    model = fit(planned)
    assert sample(model, 6, y=[0, 1, 1, 0, 0, 1]).y.tolist() == [0, 1, 1, 0, 0, 1]
    drawn = sample(model, 4000).y
    assert drawn.mean() == pytest.approx(0.5, abs=0.05)


def test_a_rare_label_has_one_whose_centre_tells_nothing_of_its_images() -> None:
    images, labels = two_sorts(100, 3), np.repeat([0, 1], [100, 3])
    clusters = Clusters.fit(images, torch.from_numpy(labels), 4, seed=0)
    assert clusters is not None
    assert clusters.labels.count(1) == 1
    assert set(clusters.centres[-1]) == {0.0}
    assert clusters.shares[-1] == pytest.approx(3 / 103)


def test_labels_of_too_few_images_are_told_alone() -> None:
    kind = Image.fit(Dataset(two_sorts(75, 25), np.arange(100) % 3), Config())
    assert kind.clusters is None
    assert kind.shape.conditions == 3


@pytest.mark.parametrize("labels", [None, np.arange(100) % 2])
def test_none_if_asked_for(labels: np.ndarray | None) -> None:
    kind = Image.fit(Dataset(two_sorts(75, 25), labels), Config(clusters=0))
    assert kind.clusters is None
    assert kind.shape.conditions == (0 if labels is None else 2)
    assert kind.notes == ()


def test_points_have_none() -> None:
    points = Dataset(RANDOM.normal(size=(100, 2)), name="points")
    with pytest.raises(ConfigError, match="clusters: only images"):
        plan(points, Config(clusters=3, steps=1, engine="eager"))
