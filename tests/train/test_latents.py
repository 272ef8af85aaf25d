"""Noise drawn at random, and noise that fills its space evenly."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from sparring.seeds import random_stream
from sparring.train.latents import Latents


def latents(batch: int = 64, dim: int = 3, *, stratified: bool = True) -> Latents:
    return Latents(batch, dim, random_stream(0, "a test"), 0, stratified=stratified)


@pytest.mark.parametrize("stratified", [False, True])
def test_every_row_is_standard_normal(stratified: bool) -> None:
    noise = latents(stratified=stratified)
    batches = torch.stack([noise.next() for _ in range(500)])
    assert batches.dtype == torch.float32
    for row in (0, 17):
        for axis in range(3):
            assert stats.kstest(batches[:, row, axis].numpy(), "norm").pvalue > 0.01
        assert torch.corrcoef(batches[:, row].T).fill_diagonal_(0).abs().max() < 0.15


def test_stratified_noise_has_its_share_everywhere_in_each_batch() -> None:
    def spread(noise: Latents) -> float:
        """How much the share of a quarter of the space varies from batch to batch."""
        return float(torch.stack([((z > 0)[:, :2].all(1)).float().mean() for z in
                                  (noise.next() for _ in range(200))]).std())  # fmt: skip

    assert spread(latents()) < 0.4 * spread(latents(stratified=False))


def test_batches_differ() -> None:
    noise = latents()
    assert not torch.equal(noise.next(), noise.next())


def test_nothing_is_infinite() -> None:
    noise = latents(batch=4096, dim=2)
    assert all(torch.isfinite(noise.next()).all() for _ in range(50))


def test_the_seed_decides_the_points() -> None:
    one, two = (Latents(8, 2, random_stream(0, "a test"), s, stratified=True) for s in (0, 1))
    assert not torch.equal(one.next(), two.next())


def test_the_state_of_its_random_numbers_is_all_there_is() -> None:
    noise = latents()
    noise.next()
    state, expected = noise.random.get_state(), noise.next()
    noise.random.set_state(state)
    assert torch.equal(noise.next(), expected)
