import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from sparring.errors import InputError
from sparring.evaluate.transfer import transfer_accuracy
from sparring.evaluate.views import Views


def points(seed: int, rows: int = 200, apart: float = 6.0, form: str = "points") -> Views:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, rows)
    x = random.normal(size=(rows, 2)) + apart * np.stack([labels == 0, labels == 1], axis=1)
    if form == "points":
        return Views(features=x, space="any", labels=labels, points=x)
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(label=labels)
    return Views(features=x, space="any", labels=labels, frame=frame)


@pytest.mark.parametrize("form", ["points", "table"])
def test_rows_as_good_as_real_teach_as_well(form):
    found = transfer_accuracy(points(0, form=form), points(1, form=form), label_column="label")
    assert found(None) > 0.97


def test_the_label_column_is_not_looked_at():
    # Rows without any difference between the classes teach nothing but to guess.
    train, test = points(0, 400, 0.0, "table"), points(1, 400, 0.0, "table")
    blind = transfer_accuracy(train, test, label_column="label")
    assert blind(None) == pytest.approx(1 / 3, abs=0.1)
    assert transfer_accuracy(train, test)(None) == 1


def test_a_class_that_was_never_generated_is_never_right():
    train, test = points(0), points(1)
    some = train.take(np.flatnonzero(train.labels != 2))
    expected = (test.labels != 2).mean()
    assert transfer_accuracy(some, test)(None) == pytest.approx(expected, abs=0.03)
    with pytest.raises(InputError, match="1 classes; 2 to 1000"):
        transfer_accuracy(train.take(np.flatnonzero(train.labels == 2)), test)


def test_wrong_labels_teach_wrong_answers():
    train = points(0)
    wrong = Views(features=train.features, space="any", labels=(train.labels + 1) % 3,
                  points=train.points)  # fmt: skip
    assert transfer_accuracy(wrong, points(1))(None) < 0.05


def test_images_are_learnt_by_a_network():
    data = load_digits()
    pixels = (data.images[..., None] * 255 / 16).astype(np.uint8)
    both = Views(features=data.data, space="any", labels=data.target, images=pixels)
    train, test = both.take(np.arange(900)), both.take(np.arange(900, 1_400))
    found = transfer_accuracy(train, test)
    assert found(None) > 0.9
    assert 0.9 < found(0) <= 1


def test_rows_without_labels_are_refused():
    bare = Views(features=np.zeros((50, 2)), space="any")
    for pair in ((bare, points(0)), (points(0), bare)):
        with pytest.raises(InputError, match="these rows have no labels"):
            transfer_accuracy(*pair)
