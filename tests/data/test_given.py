"""Cells of a row as its condition."""

from __future__ import annotations

import math

import pytest
import torch

from sparring.data.given import Given

WIDTHS = (1, 2, 3, 2)  # the last says whether the first is missing
ALONG = (3, 1, 2, 3)


def test_a_condition_is_bits_and_the_cells_they_give() -> None:
    x = torch.arange(1.0, 9.0)[None]
    mask = torch.tensor([[True, False, True, False]])
    y = Given(WIDTHS, ALONG).condition(x, mask)
    assert y.tolist() == [[1, 0, 1, 0, 1, 0, 0, 4, 5, 6, 0, 0]]


def test_sets_of_all_sizes_are_given_to_a_share_of_the_rows() -> None:
    given = Given(WIDTHS, (0, 1, 2, 3), always=1, share=0.6)
    mask = given.mask(50_000, torch.Generator().manual_seed(0))
    alone = (mask == torch.tensor([False, True, False, False])).all(1).float().mean()
    expected = [0.6 * math.log((size + 1) / size, 5) for size in (1, 2, 3, 4)]
    # The set that is given always is one in four of its size.
    assert alone.item() == pytest.approx(0.4 + expected[0] / 4, abs=0.01)
    sizes = torch.bincount(mask.sum(1), minlength=5) / len(mask)
    assert sizes.tolist() == pytest.approx([0, 0.4 + expected[0], *expected[1:]], abs=0.01)


def test_what_goes_along_is_given_too() -> None:
    mask = Given(WIDTHS, ALONG, share=1.0).mask(1_000, torch.Generator().manual_seed(0))
    assert mask[mask[:, 0], 3].all()
    assert not mask[~mask[:, 0], 3].all()


def test_without_a_share_only_the_target_is_given() -> None:
    random = torch.Generator()
    assert not Given(WIDTHS, ALONG).mask(5, random).any()
    target = Given(WIDTHS, ALONG, always=2).mask(2, random)
    assert target.tolist() == [[False, False, True, False]] * 2
