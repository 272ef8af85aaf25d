from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparring.kinds.marks import binned


@given(st.lists(st.integers(0, 6), min_size=1), st.integers(2, 16))
def test_bins_hold_about_as_much_each_and_what_is_frequent_alone(
    values: list[int], bins: int
) -> None:
    place = binned(np.array(values), bins)
    assert place.min() >= 0
    assert place.max() < bins
    held = {bin: {v for v, p in zip(values, place, strict=True) if p == bin} for bin in place}
    assert all(len({p for v, p in zip(values, place, strict=True) if v == value}) == 1
               for value in values)  # fmt: skip
    for value in set(values):
        if values.count(value) > len(values) / 2:
            assert held[place[values.index(value)]] == {value}


def test_bins_of_what_is_not_frequent_are_in_order() -> None:
    assert binned(np.arange(10), 4).tolist() == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    assert binned(np.array([0] * 9 + [1, 2, 3]), 4).tolist() == [3] * 9 + [2, 1, 0]
