"""One seed, many independent streams of random numbers; torch's global one is never used."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor


def random_stream(
    seed: int, purpose: str, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Random numbers on `device` that no other purpose and no other seed shares.

    Two generators seeded with the same number repeat each other, and so do those of run s and run
    s + 1 where one of them adds 1: NumPy's hash of seed and purpose keeps all of them apart.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),))
    return torch.Generator(device).manual_seed(int(sequence.generate_state(1, np.uint64)[0]))


def resume_stream(random: torch.Generator, state: Tensor) -> None:
    """Go on where `state` was taken.

    The state of another kind of device means nothing here, and arithmetic there gives other bits
    anyway: `random` then stays as it was seeded.
    """
    if len(state) == len(random.get_state()):
        random.set_state(state)
