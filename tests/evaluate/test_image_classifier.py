import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from sparring.errors import InputError
from sparring.evaluate import image_classifier
from sparring.evaluate.classifier import label_agreement
from sparring.evaluate.image_classifier import ImageClassifier, cached_image_classifier
from sparring.files import user_cache


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    """Every test has a cache of its own."""
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return (data.images[..., None] * 255 / 16).astype(np.uint8), data.target


@pytest.fixture(scope="module")
def classifier(digits) -> ImageClassifier:
    images, labels = digits
    return ImageClassifier.fit(images[:1437], labels[:1437])


@pytest.fixture
def squares(monkeypatch) -> tuple[np.ndarray, np.ndarray]:
    """Bright and dark squares, learnt at once."""
    monkeypatch.setattr(image_classifier, "MIN_STEPS", 12)
    monkeypatch.setattr(image_classifier, "EPOCHS", 5)
    labels = np.arange(40) % 2
    images = np.random.default_rng(0).integers(0, 60, (40, 8, 8, 1))
    return (images + 180 * labels[:, None, None, None]).astype(np.uint8), labels


def test_reads_digits_it_was_not_trained_on(digits, classifier):
    images, labels = digits
    assert classifier.accuracy > 0.97
    # The last fifth was written by other hands than the rest.
    assert label_agreement(classifier, images[1437:], labels[1437:]) > 0.93


def test_features_are_the_hidden_layer(digits, classifier):
    images, _ = digits
    features = classifier.features(images[:600])
    assert features.shape == (600, 128)
    assert features.dtype == np.float64
    with torch.inference_mode():
        logits = classifier.network.logits(torch.tensor(features).float())
    assert (classifier.classes[logits.argmax(1)] == classifier.predict(images[:600])).all()


def test_views_and_read_only_arrays_are_taken(digits, classifier):
    images, _ = digits
    backwards = images[:20][::-1]
    backwards.flags.writeable = False
    assert (classifier.predict(backwards) == classifier.predict(images[:20])[::-1]).all()


def test_same_seed_same_weights(squares):
    first, again = (ImageClassifier.fit(*squares, seed=3) for _ in range(2))
    assert first.digest == again.digest
    assert len(first.digest) == 12
    assert ImageClassifier.fit(*squares, seed=4).digest != first.digest


def test_global_random_state_and_threads_are_left_alone(squares):
    torch.manual_seed(0)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    ImageClassifier.fit(*squares)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("size", [(4, 4), (8, 8), (9, 13), (28, 28), (33, 64), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size(squares, size, channels):
    images, labels = squares
    stretched = np.resize(images.mean(axis=(1, 2, 3)), (40, 1, 1, 1)).astype(np.uint8)
    stretched = np.tile(stretched, (1, *size, channels))
    classifier = ImageClassifier.fit(stretched, labels)
    assert classifier.features(stretched).shape == (40, 128)
    assert classifier.predict(stretched[:0]).shape == (0,)


def test_cache_returns_the_same_classifier(squares, tmp_path):
    images, labels = squares
    first = cached_image_classifier(images, labels)
    (file,) = (tmp_path / "classifiers").iterdir()
    written = file.stat().st_mtime_ns
    again = cached_image_classifier(images, labels)
    assert file.stat().st_mtime_ns == written
    assert (again.digest, again.accuracy, again.shape) == (
        first.digest,
        first.accuracy,
        first.shape,
    )
    assert again.classes.dtype == first.classes.dtype
    assert (again.features(images) == first.features(images)).all()


@pytest.mark.parametrize("kind", ["text", "bool", "object"])
def test_cache_keeps_the_type_of_labels(squares, tmp_path, kind):
    images, labels = squares
    named = {
        "text": np.array(["no", "yes"])[labels],
        "bool": labels.astype(bool),
        "object": np.array(["no", "yes"], dtype=object)[labels],
    }[kind]
    first, again = (cached_image_classifier(images, named).predict(images) for _ in range(2))
    assert first.dtype == again.dtype == named.dtype
    assert (first == again).all()


def test_cache_goes_by_content(squares, tmp_path):
    images, labels = squares
    cached_image_classifier(images, labels)
    cached_image_classifier(images, labels, seed=1)
    cached_image_classifier(images, 1 - labels)
    cached_image_classifier(images[::-1], labels)
    assert len(list((tmp_path / "classifiers").iterdir())) == 4


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text"])
def test_damaged_cache_is_written_again(squares, tmp_path, damage):
    images, labels = squares
    first = cached_image_classifier(images, labels)
    (file,) = (tmp_path / "classifiers").iterdir()
    good = file.read_bytes()
    flipped = bytearray(good)
    flipped[-1000] ^= 0xFF
    bad = {"empty": b"", "cut": good[:-100], "flipped": bytes(flipped), "text": b"x" * 500}
    file.write_bytes(bad[damage])
    assert cached_image_classifier(images, labels).digest == first.digest
    assert file.read_bytes() == good


def test_cache_that_cannot_be_written_is_not_used(squares, tmp_path):
    (tmp_path / "classifiers").write_text("a file where the folder should be")
    assert cached_image_classifier(*squares).accuracy >= 0


def test_cache_folder_comes_from_the_environment(squares, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SPARRING_CACHE", raising=False)
    cached_image_classifier(*squares)
    assert len(list((tmp_path / "xdg/sparring/classifiers").iterdir())) == 1
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "own"))
    cached_image_classifier(*squares)
    assert len(list((tmp_path / "own/classifiers").iterdir())) == 1
    monkeypatch.delenv("SPARRING_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache() == tmp_path / ".cache/sparring"
    monkeypatch.setenv("XDG_CACHE_HOME", "~/xdg")
    assert user_cache() == tmp_path / "xdg/sparring"
    monkeypatch.setenv("SPARRING_CACHE", "~/own")
    assert user_cache() == tmp_path / "own"


@pytest.mark.parametrize(
    ("images", "match"),
    [
        (np.zeros((30, 8, 8), np.uint8), r"uint8 of shape \(30, 8, 8\)"),
        (np.zeros((30, 8, 8, 1)), "images are float64"),
        (np.zeros((30, 3, 8, 1), np.uint8), "at least 4"),
    ],
)
def test_unusable_images(images, match):
    with pytest.raises(InputError, match=match):
        cached_image_classifier(images, np.arange(30) % 2)


def test_other_shape_than_trained_on(classifier):
    with pytest.raises(InputError, match="images are 8x8x3; the classifier was trained on 8x8x1"):
        classifier.predict(np.zeros((2, 8, 8, 3), np.uint8))
