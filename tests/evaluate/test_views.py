import numpy as np
import pandas as pd

from sparring.evaluate.views import Views


def test_take_keeps_all_sides_of_a_row_together():
    n = np.arange(5)
    views = Views(
        features=n[:, None] * 1.0,
        space="any",
        labels=n,
        frame=pd.DataFrame({"n": n}, index=n + 10),
        images=np.tile(n.astype(np.uint8)[:, None, None, None], (1, 8, 8, 1)),
        points=n[:, None] * 2.0,
    )
    taken = views.take(np.array([3, 1, 3]))
    assert len(taken) == 3
    assert taken.frame is not None
    for side in (taken.features, taken.labels, taken.frame.n, taken.images):
        assert np.asarray(side).reshape(3, -1)[:, 0].tolist() == [3, 1, 3]
    assert taken.points is not None
    assert taken.points.tolist() == [[6], [2], [6]]


def test_absent_sides_stay_absent():
    taken = Views(features=np.zeros((3, 1)), space="any").take(np.array([0]))
    assert (taken.labels, taken.frame, taken.images, taken.points) == (None, None, None, None)
    assert taken.space == "any"
