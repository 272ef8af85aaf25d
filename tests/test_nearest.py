"""Which of some points is the nearest."""

from __future__ import annotations

import torch

from sparring.nearest import nearest_index


def test_the_nearest_point_is_found_and_the_first_of_equal_ones() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [5.0, 5.0]])
    rows = torch.tensor([[0.1, 0.0], [0.9, 0.2], [9.0, 9.0]], requires_grad=True)
    assert nearest_index(rows, points).tolist() == [0, 1, 3]
