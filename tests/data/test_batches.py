"""An endless stream of shuffled batches."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sparring.data.batches import Batches, one_hot, strata

CPU = torch.device("cpu")


def identity(raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
    return raw[0].float()


def jittered(raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
    return raw[0] + torch.rand(raw[0].shape, generator=random)


def stream(
    rows: int, size: int, seed: int = 0, prepare: object = identity, *, stratified: bool = False
) -> Batches:
    """Rows 0, 1, 2, ... whose class is their remainder by 3."""
    numbers = torch.arange(rows)
    return Batches(
        (numbers[:, None],), numbers % 3, 3, prepare, size, CPU, seed, stratified=stratified
    )


def take(batches: Batches, rows: int) -> list[int]:
    """The next rows, at least so many."""
    taken: list[int] = []
    while len(taken) < rows:
        taken += batches.next()[0][:, 0].int().tolist()
    return taken


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 100), st.integers(0, 5))
def test_every_row_comes_once_in_every_pass(rows: int, size: int, seed: int) -> None:
    taken = take(stream(rows, size, seed), 3 * rows)
    for start in range(0, len(taken) - rows + 1, rows):
        assert sorted(taken[start : start + rows]) == list(range(rows))


@given(st.integers(1, 30), st.integers(1, 100))
def test_every_batch_is_full(rows: int, size: int) -> None:
    batches = stream(rows, size)
    for _ in range(4):
        x, y = batches.next()
        assert x.shape == (size, 1)
        assert y.shape == (size, 3)


def test_conditions_stay_with_their_rows() -> None:
    batches = stream(10, 7)
    for _ in range(5):
        x, y = batches.next()
        assert torch.equal(y.argmax(1), x[:, 0].long() % 3)
        assert torch.equal(y.sum(1), torch.ones(7))


def test_without_labels_conditions_are_empty() -> None:
    batches = Batches((torch.ones(5, 2),), None, 0, identity, 3, CPU, 0)
    x, y = batches.next()
    assert x.shape == (3, 2)
    assert y.shape == (3, 0)


def test_all_parts_of_a_row_stay_together() -> None:
    numbers = torch.arange(10)
    batches = Batches(
        (numbers, -numbers), None, 0, lambda raw, _: torch.stack(raw, 1).float(), 4, CPU, 0
    )
    for _ in range(5):
        x, _ = batches.next()
        assert torch.equal(x[:, 0], -x[:, 1])


def test_passes_are_shuffled_differently() -> None:
    taken = take(stream(50, 50), 150)
    passes = [taken[i : i + 50] for i in (0, 50, 100)]
    assert passes[0] != passes[1] != passes[2] != list(range(50))


def test_the_seed_decides_the_order_and_the_preparation() -> None:
    def rows(seed: int) -> Tensor:
        return stream(50, 20, seed, jittered).next()[0]

    assert torch.equal(rows(1), rows(1))
    assert not torch.equal(rows(1), rows(2))


@pytest.mark.parametrize("size", [3, 10, 25])
@pytest.mark.parametrize("before", [0, 1, 4])
def test_a_resumed_stream_goes_on_exactly(size: int, before: int) -> None:
    whole, first, second = (stream(10, size, 5, jittered) for _ in range(3))
    for _ in range(before):
        whole.next()
        first.next()
    second.load_state_dict(first.state_dict())
    first.next()
    for _ in range(6):
        for mine, theirs in zip(second.next(), whole.next(), strict=True):
            assert torch.equal(mine, theirs)


def test_the_global_random_state_is_untouched() -> None:
    before = torch.get_rng_state()
    take(stream(10, 3, prepare=jittered), 40)
    assert torch.equal(torch.get_rng_state(), before)


def test_one_hot() -> None:
    y = one_hot(torch.tensor([2, 0]), 3)
    assert y.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert y.dtype == torch.float32


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 3))
def test_strata_are_of_equal_size_and_hold_every_row_once(rows: int, count: int, d: int) -> None:
    count = min(count, rows)
    groups = strata(torch.rand(rows, d, generator=torch.Generator().manual_seed(rows)), count)
    assert len(groups) == count
    assert {len(group) for group in groups} <= {rows // count, -(-rows // count)}
    assert sorted(torch.cat(groups).tolist()) == list(range(rows))


def test_strata_of_a_line_are_its_parts() -> None:
    x = torch.randperm(24, generator=torch.Generator().manual_seed(0))[:, None].float()
    for i, group in enumerate(strata(x, 6)):
        assert sorted(x[group, 0].tolist()) == list(range(4 * i, 4 * i + 4))


def test_strata_follow_the_coordinate_that_varies_most() -> None:
    x = torch.tensor([[0.0, 0.0], [0.1, 9.0], [0.1, 0.0], [0.0, 9.0]])
    assert [sorted(group.tolist()) for group in strata(x, 2)] == [[0, 2], [1, 3]]


def test_rows_that_are_all_equal_have_strata() -> None:
    assert sorted(torch.cat(strata(torch.ones(7, 2), 3)).tolist()) == list(range(7))


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 100), st.integers(0, 5))
def test_every_row_comes_once_in_every_stratified_pass(rows: int, size: int, seed: int) -> None:
    taken = take(stream(rows, size, seed, stratified=True), 3 * rows)
    for start in range(0, len(taken) - rows + 1, rows):
        assert sorted(taken[start : start + rows]) == list(range(rows))


def test_a_stratified_batch_has_a_row_of_every_stratum() -> None:
    batches = stream(35, 7, stratified=True)
    for _ in range(12):
        rows = batches.next()[0][:, 0].int() // 5
        assert sorted(rows.tolist()) == list(range(7))


def test_a_stratified_batch_is_even_also_across_two_passes() -> None:
    batches = stream(38, 7, stratified=True)  # three rows are left of every pass
    for _ in range(30):
        rows = batches.next()[0][:, 0]
        assert abs(float(rows.mean()) - 18.5) < 6.0  # of shuffled batches every eighth is not


def test_stratified_passes_are_ordered_differently() -> None:
    taken = take(stream(50, 10, stratified=True), 100)
    assert taken[:50] != taken[50:]


def test_a_resumed_stream_of_stratified_batches_goes_on() -> None:
    batches = stream(50, 12, prepare=jittered, stratified=True)
    for _ in range(3):
        batches.next()
    state = batches.state_dict()
    expected = [batches.next()[0] for _ in range(5)]
    again = stream(50, 12, prepare=jittered, stratified=True)
    again.load_state_dict(state)
    for rows in expected:
        assert torch.equal(again.next()[0], rows)


def test_rows_too_few_for_a_stratum_each_are_shuffled() -> None:
    taken = take(stream(5, 8, stratified=True), 40)
    assert len({tuple(taken[i : i + 5]) for i in range(0, 40, 5)}) > 3
