import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from sparring.errors import InputError
from sparring.evaluate.classifier import RowClassifier, hold_out, label_agreement

NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def iris() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_iris(return_X_y=True)
    return x, NAMES[y]


@pytest.fixture(scope="module")
def classifier(iris) -> RowClassifier:
    return RowClassifier.fit(*iris)


def test_labels_points(iris, classifier):
    x, labels = iris
    assert classifier.classes.tolist() == NAMES.tolist()
    assert classifier.accuracy >= 0.8
    assert label_agreement(classifier, x, labels) > 0.95


def test_accuracy_is_that_of_the_rows_held_out(iris, classifier):
    x, labels = iris
    train, held_out = hold_out(len(x), seed=0)
    assert sorted([*train, *held_out]) == list(range(150))
    assert len(held_out) == 15
    expected = (classifier.predict(x[held_out]) == labels[held_out]).mean()
    assert classifier.accuracy == expected


def test_wrong_requests_lower_the_agreement(iris, classifier):
    x, labels = iris
    one_class = np.full(150, "setosa")
    assert label_agreement(classifier, x, one_class) == pytest.approx(1 / 3, abs=0.02)
    assert label_agreement(classifier, x, np.roll(labels, 50)) < 0.05


def test_table_without_its_label_column(iris):
    _, labels = iris
    random = np.random.default_rng(0)
    text = np.where(random.random(150) < 0.9, labels, "setosa")
    frame = pd.DataFrame({"text": text, "noise": random.normal(size=150), "label": labels})
    frame.loc[::7, "noise"] = np.nan
    classifier = RowClassifier.fit(frame, labels, label_column="label")
    assert classifier.accuracy > 0.7
    # Whatever the label column says, or if it is there at all, the answer is the same.
    answer = classifier.predict(frame)
    assert (classifier.predict(frame.assign(label="setosa")) == answer).all()
    assert (classifier.predict(frame.drop(columns="label")) == answer).all()
    assert len(classifier.predict(frame.assign(text="never seen"))) == 150


def test_labels_keep_their_type():
    x = np.arange(100.0)[:, None]
    for labels in (x[:, 0] > 50, np.arange(100) // 50, pd.array(["a"] * 50 + ["b"] * 50)):
        classifier = RowClassifier.fit(x, labels)
        assert classifier.classes.dtype == np.asarray(labels).dtype
        assert label_agreement(classifier, x, labels) > 0.9


def test_is_deterministic(iris, classifier):
    assert (RowClassifier.fit(*iris).predict(iris[0]) == classifier.predict(iris[0])).all()


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (np.zeros(30), "1 classes; 2 to 1000"),
        (np.zeros(29), r"30 rows and labels of shape \(29,\)"),
        (np.where(np.arange(30) < 9, np.nan, 1.0), "missing values"),
    ],
)
def test_unusable_labels(labels, match):
    with pytest.raises(InputError, match=match):
        RowClassifier.fit(np.zeros((30, 2)), labels)


def test_refusals(iris, classifier):
    x, labels = iris
    with pytest.raises(InputError, match="19 rows are too few"):
        RowClassifier.fit(x[:19], labels[:19])
    with pytest.raises(InputError, match="3 columns; the classifier knows 4"):
        classifier.predict(x[:, :3])
    with pytest.raises(InputError, match="table and not an array"):
        classifier.predict(pd.DataFrame(x))
    with pytest.raises(InputError, match=r"labels 'rose' are unknown .*known: setosa"):
        label_agreement(classifier, x, np.where(labels == "setosa", "rose", labels))
    with pytest.raises(InputError, match="do not match"):
        label_agreement(classifier, x, labels[:3])
    with pytest.raises(InputError, match="0 samples"):
        label_agreement(classifier, x[:0], labels[:0])
