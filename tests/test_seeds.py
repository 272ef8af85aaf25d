"""Independent streams of random numbers."""

from __future__ import annotations

import itertools

import torch

from sparring.seeds import random_stream, resume_stream


def draw(random: torch.Generator) -> torch.Tensor:
    return torch.rand(1000, generator=random)


def test_the_same_seed_and_purpose_repeat() -> None:
    assert torch.equal(draw(random_stream(3, "order")), draw(random_stream(3, "order")))


def test_streams_share_no_numbers() -> None:
    streams = [
        draw(random_stream(seed, purpose))
        for seed in (0, 1, 2, 2**32 - 1)
        for purpose in ("order", "latents", "")
    ]
    for a, b in itertools.combinations(streams, 2):
        assert abs(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 0.15
        assert not torch.isin(a, b).float().mean() > 0.01


def test_a_stream_goes_on_where_its_state_was_taken() -> None:
    random = random_stream(0, "order")
    draw(random)
    state = random.get_state()
    expected = draw(random)
    other = random_stream(1, "order")
    resume_stream(other, state)
    assert torch.equal(draw(other), expected)


def test_the_state_of_another_kind_of_device_is_left_alone() -> None:
    random = random_stream(0, "order")
    resume_stream(random, torch.zeros(16, dtype=torch.uint8))
    assert torch.equal(draw(random), draw(random_stream(0, "order")))


def test_the_global_random_state_is_untouched() -> None:
    before = torch.get_rng_state()
    draw(random_stream(0, "order"))
    assert torch.equal(torch.get_rng_state(), before)
