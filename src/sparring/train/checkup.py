"""A look, now and then, at how the game stands: the same rows and the same noise every time.

Nothing here draws a random number once it has begun, and nothing reaches the steps: a run has the
same bits with and without it. What each number means stands in SIGNALS (sparring.diagnose.signals).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sparring.data.batches import Batches
from sparring.nets.base import Critic, Generator
from sparring.objective.losses import Loss
from sparring.objective.objective import judge
from sparring.seeds import random_stream
from sparring.train import signs

LOOKS = 24  # in a run, evenly spaced
LEAST_STEPS = 50  # between two of them
ROWS = 512  # real rows, and as many samples, that are compared
JUDGED = 256  # of them that D is asked about
SEARCHED = 2_048  # training rows among which copies are looked for
LEAST_HELD = 10  # rows held out, of which chance alone does not say what D makes of them
CELLS = 32
DIRECTIONS = 32


@dataclass(frozen=True)
class Fixed:
    """What every look has in common.

    Attributes:
        z: noise (ROWS, latent_dim); y: its conditions (ROWS, k).
        real, real_y: training rows that samples are compared with, and their conditions.
        held, held_y: rows held out, or None.
        searched: training rows (t, d), flat, among which copies are looked for.
        ruler: what distances between samples and `real` are read against.
    """

    z: Tensor
    y: Tensor
    real: Tensor
    real_y: Tensor
    held: Tensor | None
    held_y: Tensor | None
    searched: Tensor
    ruler: signs.Ruler


class Checkup:
    """Measures G, its average and D.

    Args:
        average: the averaged G, which is the one that samples.
        batches, holdout: training rows, and rows that training never sees or None.
        seed: of the rows and the noise that are looked at.

    Attributes:
        looks: how many of the run's looks are over; step: that of the last one.
    """

    def __init__(
        self, G: Generator, average: Generator, D: Critic, loss: Loss,
        batches: Batches, holdout: Batches | None, seed: int,
    ) -> None:  # fmt: skip
        self.G, self.average, self.D, self.loss = G, average, D, loss
        self.batches, self.holdout, self.seed = batches, holdout, seed
        self.looks = self.step = 0
        self.before: list[Tensor] = []  # samples of the last two looks, the newest last
        self._fixed: Fixed | None = None

    def due(self, step: int, progress: float) -> bool:
        """Whether a look is due at this step."""
        if math.floor(LOOKS * progress) <= self.looks:
            return False
        return progress == 1 or step - self.step >= LEAST_STEPS

    def look(self, step: int, progress: float) -> dict[str, float]:
        """Measure everything; what is not finite, or cannot be had, is left out."""
        self.looks, self.step = math.floor(LOOKS * progress), step
        if self._fixed is None:
            self._fixed = self._prepare()
        fixed = self._fixed
        modes = [(net, net.training) for net in (self.G, self.D)]
        for net, _ in modes:
            net.eval()
        try:
            with torch.no_grad():
                fake = self.average(fixed.z, fixed.y).float().flatten(1)
                raw = self.G(fixed.z[:JUDGED], fixed.y[:JUDGED]).float()
            found = self._of_game(fixed, raw)
        finally:
            for net, training in modes:
                net.train(training)
        found |= fixed.ruler.measure(fake)
        found |= signs.copying(fake, fixed.searched, fixed.ruler)
        found |= self._of_motion(fixed, raw.flatten(1))
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _of_game(self, fixed: Fixed, fake: Tensor) -> dict[str, float]:
        """What D makes of real rows and of samples, and what of it reaches G."""
        fake = fake.detach().requires_grad_()
        logits = judge(self.D, fake, fixed.y[:JUDGED])
        (slope,) = torch.autograd.grad(logits.sum(), fake, retain_graph=True)
        with torch.no_grad():
            real = judge(self.D, fixed.real[:JUDGED], fixed.real_y[:JUDGED])
        pairs = real[torch.arange(len(fake), device=real.device) % len(real)]
        (passed,) = torch.autograd.grad(self.loss.generator(real=pairs, fake=logits), fake)
        logits, fake = logits.detach(), fake.detach()
        slope_size, passed_size = (signs.mean_size(g) for g in (slope, passed * len(fake)))
        found = {
            "critic_accuracy": signs.preference(real, logits),
            "logit_gap": float(real.mean() - logits.mean()),
            "critic_slope": slope_size,
            "gradient_share": passed_size / slope_size if slope_size else math.nan,
        }
        if fixed.held is None or fixed.held_y is None:
            return found
        with torch.no_grad():
            held = judge(self.D, fixed.held, fixed.held_y)
        if len(held) >= LEAST_HELD:
            found["holdout_accuracy"] = signs.preference(held, logits)
            found["train_preference"] = signs.preference(real, held)
        return found

    def _of_motion(self, fixed: Fixed, now: Tensor) -> dict[str, float]:
        """How far samples of the same noise went since the last look, and whether they turned."""
        self.before = [*self.before, now][-3:]
        if len(self.before) < 2:
            return {}
        last = signs.mean_size(now - self.before[-2])
        then, here = (signs.shares(rows, fixed.ruler.centres) for rows in self.before[-2:])
        found = {
            "movement": last / fixed.ruler.real_spread,
            "churn": float((here - then).abs().sum()) / 2,
        }
        if len(self.before) == 3:
            first = signs.mean_size(self.before[1] - self.before[0])
            whole = signs.mean_size(now - self.before[0])
            found["turning"] = 1 - whole / (first + last) if first + last else math.nan
        return found

    def _prepare(self) -> Fixed:
        device = self.batches.device
        random = random_stream(self.seed, "check-up", device)
        order = torch.randperm(self.batches.rows, generator=random_stream(self.seed, "looked at"))
        real, real_y = self.batches.take(order[:ROWS], random)
        # The same comparison between real rows; of few rows, between their halves.
        half = max(1, min(ROWS, len(order) // 2))
        other = self.batches.take(order[-half:], random)[0]
        searched = self.batches.take(order[:SEARCHED], random)[0].flatten(1)
        held = held_y = None
        if self.holdout is not None:
            some = torch.arange(min(self.holdout.rows, ROWS))
            held, held_y = self.holdout.take(some, random)
        between = signs.apart(searched)
        if held is not None:
            between = torch.cat([between, signs.nearest(held.flatten(1), searched)])
        ruler = signs.Ruler.of(
            real.flatten(1), real[:half].flatten(1), other.flatten(1), between,
            CELLS, DIRECTIONS, random,
        )  # fmt: skip
        z = torch.randn(ROWS, self.G.latent_dim, generator=random, device=device)
        y = real_y[torch.arange(ROWS, device=device) % len(real)]
        if held is not None and held_y is not None:
            held, held_y = held[:JUDGED], held_y[:JUDGED]
        return Fixed(z, y, real, real_y, held, held_y, searched, ruler)

    def state_dict(self) -> dict[str, Any]:
        """All that decides what the looks to come will find."""
        return {"looks": self.looks, "step": self.step, "before": list(self.before)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.looks, self.step = state["looks"], state["step"]
        self.before = [samples.to(self.batches.device) for samples in state["before"]]
