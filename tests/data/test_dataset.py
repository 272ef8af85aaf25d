from __future__ import annotations

import numpy as np
import pandas as pd

from sparring.data.dataset import Dataset
from sparring.data.toys import TOYS


def test_take_keeps_order_labels_and_modes() -> None:
    modes = TOYS["ring"].modes
    data = Dataset(np.arange(6.0).reshape(3, 2), np.array(["a", "b", "c"]), "d", modes)
    part = data.take(np.array([2, 0]))
    assert len(part) == 2
    assert part.x.tolist() == [[4, 5], [0, 1]]
    assert part.y is not None
    assert part.y.tolist() == ["c", "a"]
    assert part.name == "d"
    assert part.modes is modes


def test_take_goes_by_position_in_a_table() -> None:
    data = Dataset(pd.DataFrame({"a": [1, 2, 3]}, index=[9, 8, 7]))
    part = data.take(np.array([2, 1]))
    assert part.x["a"].tolist() == [3, 2]
    assert part.y is None


def test_datasets_compare_by_identity() -> None:
    data = Dataset(np.ones((2, 2)))
    assert data == data
    assert data != Dataset(np.ones((2, 2)))
