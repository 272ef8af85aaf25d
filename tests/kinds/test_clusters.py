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
    clusters = Clusters.fit(images, 2, seed=0)
    assert clusters is not None
    found = clusters.encode(images).numpy()
    assert {len(set(found[:75])), len(set(found[75:]))} == {1}
    assert found[0] != found[-1]
    assert sorted(clusters.labels.shares) == [0.25, 0.75]


def test_few_images_are_not_parted() -> None:
    assert Clusters.fit(two_sorts(USUAL, USUAL - 1), 20, seed=0) is None
    assert Clusters.fit(two_sorts(USUAL, USUAL), 1, seed=0) is None


def test_no_centre_is_an_image_or_a_few() -> None:
    images = two_sorts(200, LEAST - 1)
    assert Clusters.fit(images, 2, seed=0) is None
    clusters = Clusters.fit(images, 4, seed=0)
    assert clusters is not None
    counts = np.bincount(clusters.encode(images).numpy())
    assert counts.min() >= LEAST


def test_images_all_alike_are_not_parted() -> None:
    assert Clusters.fit(np.full((200, 8, 8, 1), 7, np.uint8), 20, seed=0) is None


def test_they_come_back_from_json() -> None:
    clusters = Clusters.fit(two_sorts(80, 70), 20, seed=0)
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
    shares = planned.kind.clusters.labels.shares
    random = torch.Generator().manual_seed(0)
    made = planned.kind.ask(1000).condition(range(1000), random).y.mean(dim=0)
    assert made.numpy() == pytest.approx(shares, abs=0.05)
    with pytest.raises(InputError, match="unconditional"):
        sample(model, 10, y=0)


def test_labels_are_told_in_their_place() -> None:
    images = two_sorts(75, 25)
    kind = Image.fit(Dataset(images, np.arange(100) % 3), Config())
    assert kind.clusters is None
    assert kind.shape.conditions == 3


def test_none_if_asked_for() -> None:
    kind = Image.fit(Dataset(two_sorts(75, 25)), Config(clusters=0))
    assert kind.clusters is None
    assert kind.shape.conditions == 0
    assert kind.notes == ()


def test_points_have_none() -> None:
    points = Dataset(RANDOM.normal(size=(100, 2)), name="points")
    with pytest.raises(ConfigError, match="clusters: only images"):
        plan(points, Config(clusters=3, steps=1, engine="eager"))
