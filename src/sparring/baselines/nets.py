"""How a baseline that is a net learns and draws; the nets themselves are in vae.py and flow.py."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from sparring.baselines.base import Baseline
from sparring.data.batches import Batches, one_hot
from sparring.errors import DivergedError
from sparring.nets.base import Shape
from sparring.nets.layers import ACTIVATIONS
from sparring.nets.mlp import residual_body
from sparring.seeds import random_stream

WIDTH, DEPTH = 256, 3
BATCH_SIZE = 256
LEARNING_RATE = 1e-3  # at the start; it falls to 0 along half a cosine
HALF_LIFE = 0.05  # of the running average, as a share of the steps made
BLOCK_ROWS = 4096  # drawn at once

Tensors = tuple[Tensor, ...] | list[Tensor]


class GenerativeNet(nn.Module):
    """A net with a loss to descend and a way to draw rows; made for the shape of a row.

    Rows are flat, x (n, d), and conditions one-hot, y (n, k); k may be 0.
    """

    @abstractmethod
    def __init__(self, shape: Shape) -> None:
        super().__init__()

    @abstractmethod
    def loss(self, x: Tensor, y: Tensor, random: torch.Generator) -> Tensor:
        """The mean loss of a batch."""

    @abstractmethod
    def draw(self, y: Tensor, random: torch.Generator) -> Tensor:
        """A row (n, d) for each condition."""


class NetBaseline(Baseline):
    """Adam by the clock on a `GenerativeNet`; samples come from its running average."""

    by_the_clock: ClassVar[bool] = True
    net: ClassVar[type[GenerativeNet]]

    def fit(self, x: np.ndarray, y: np.ndarray | None, seed: int, seconds: float) -> None:
        with torch.random.fork_rng(devices=[]):  # layers know only torch's global random numbers
            torch.default_generator.manual_seed(seed)
            net = self.net(self.shape).to(self.device)
        average = AveragedModel(net, multi_avg_fn=_move)
        optimizer = torch.optim.Adam(net.parameters(), fused=True)
        batches = Batches(
            (torch.from_numpy(x).float(),),
            None if y is None else torch.from_numpy(y),
            self.shape.conditions,
            lambda raw, _: raw[0],
            BATCH_SIZE,
            self.device,
            seed,
        )
        random = random_stream(seed, "noise of a baseline", self.device)
        began, progress = time.perf_counter(), 0.0
        while progress < 1:
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * progress)) / 2
            _descend(optimizer, net.loss(*batches.next(), random))
            average.update_parameters(net)
            progress = (time.perf_counter() - began) / (seconds + 1e-9)
        assert isinstance(average.module, GenerativeNet)
        self.average = average.module

    @torch.no_grad()
    def sample(self, n: int, y: np.ndarray | None, seed: int) -> np.ndarray:
        random = random_stream(seed, "samples of a baseline", self.device)
        condition = torch.empty(n, 0)
        if y is not None:
            condition = one_hot(torch.from_numpy(y), self.shape.conditions)
        blocks = torch.split(condition.to(self.device), BLOCK_ROWS)
        x = torch.cat([self.average.draw(block, random) for block in blocks])
        if not torch.isfinite(x).all():
            raise DivergedError("it makes rows that are not finite")
        rows: np.ndarray = x.cpu().double().numpy()
        return rows


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    if not torch.isfinite(loss):
        raise DivergedError(f"a loss became {loss.item()}")
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()


def _move(averages: Tensors, now: Tensors, steps: Tensor | int) -> None:
    """Move the running averages of the parameters towards what these are after one more step."""
    torch._foreach_lerp_(averages, now, 1 - 0.5 ** (1 / (HALF_LIFE * (float(steps) + 1))))


def body(inputs: int, outputs: int) -> nn.Sequential:
    """The residual multi-layer perceptron that all of them are made of."""
    return residual_body(inputs, outputs, WIDTH, DEPTH, ACTIVATIONS["silu"])


def noise(rows: Tensor, width: int, random: torch.Generator) -> Tensor:
    """Standard normal numbers (n, width), n as in `rows`, on its device."""
    return torch.randn(len(rows), width, generator=random, device=rows.device)
