from pathlib import Path

import numpy as np
import pytest

from sparring.evaluate.features import embedded
from sparring.evaluate.views import Views


class Brightness:
    """Mean and spread of the pixels, and how often it was asked."""

    classes = np.array([0, 1])
    accuracy = 1.0

    def __init__(self, space: str | None = "brightness-1") -> None:
        self.space, self.calls = space, 0

    def predict(self, x):
        return (x.mean(axis=(1, 2, 3)) > 127).astype(int)

    def features(self, x):
        self.calls += 1
        flat = x.reshape(len(x), -1).astype(np.float32)
        return np.stack([flat.mean(1), flat.std(1)], axis=1).astype(np.float64)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """Every test has a cache of its own."""
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path))
    return tmp_path / "features"


def views(seed: int = 0) -> Views:
    images = np.random.default_rng(seed).integers(0, 256, (9, 8, 8, 1), dtype=np.uint8)
    return Views(features=images.reshape(9, -1) / 255, space="pixels", images=images)


def test_features_stand_beside_the_rows():
    made = embedded(views(), Brightness(), remember=False)
    assert made.embedding_space == "brightness-1"
    assert made.embedding is not None
    assert made.embedding[:, 0] == pytest.approx(views().images.mean(axis=(1, 2, 3)))
    assert (made.take(np.array([3])).embedding == made.embedding[3]).all()


def test_only_what_is_to_be_remembered_is(cache):
    classifier = Brightness()
    first = embedded(views(), classifier, remember=True)
    assert (embedded(views(), classifier, remember=True).embedding == first.embedding).all()
    assert classifier.calls == 1
    embedded(views(1), classifier, remember=True)  # other rows
    embedded(views(), Brightness("brightness-2"), remember=True)  # another space
    assert classifier.calls == 2
    assert len(list(cache.iterdir())) == 3
    embedded(views(2), classifier, remember=False)
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"no array"])
def test_a_damaged_cache_is_made_again(cache, damage):
    classifier = Brightness()
    first = embedded(views(), classifier, remember=True)
    (path,) = cache.iterdir()
    path.write_bytes(damage)
    assert (embedded(views(), classifier, remember=True).embedding == first.embedding).all()
    assert classifier.calls == 2
    np.save(path, np.zeros((4, 2)))  # of other rows
    embedded(views(), classifier, remember=True)
    assert classifier.calls == 3


def test_a_cache_that_cannot_be_written_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "file"))
    assert embedded(views(), Brightness(), remember=True).embedding is not None


def test_a_classifier_without_features_changes_nothing():
    rows = views()
    assert embedded(rows, Brightness(None), remember=True) is rows
