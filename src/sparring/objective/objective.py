"""The two scalars of a step: what D descends and what G descends."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sparring.config import Config, resolved
from sparring.errors import ConfigError, choose
from sparring.nets.base import Critic
from sparring.objective.losses import LOSSES, Loss
from sparring.objective.penalties import PENALTIES, Penalty, Seen


@dataclass
class Objective:
    """A loss for each player, and gamma times a penalty for D.

    Attributes:
        loss, penalty: see LOSSES and PENALTIES.
        gamma: weight of the penalty, a scalar tensor or a number; the schedule moves it.
    """

    loss: Loss
    penalty: Penalty
    gamma: Tensor | float = 1.0

    def critic_loss(
        self, D: Critic, real: Tensor, fake: Tensor, y: Tensor, share: Tensor
    ) -> Tensor:
        """What D descends.

        Args:
            real, fake: (n, ...) rows; y: (n, k) conditions that hold for both.
            share: (n,) uniform random numbers, where the penalty mixes real and fake.
        """
        slope = self.penalty.slope_of_inputs
        # Single precision, so that slopes are not rounded to bf16 on their way.
        real = real.detach().float().requires_grad_(slope)
        fake = fake.detach().float().requires_grad_(slope)
        real_logits, fake_logits = judge_pair(D, real, fake, y)
        loss = self.loss.critic(real=real_logits, fake=fake_logits)
        seen = Seen(real, fake, real_logits, fake_logits, lambda x: judge(D, x, y), share)
        return loss + self.gamma * self.penalty(seen)

    def generator_loss(self, D: Critic, real: Tensor, fake: Tensor, y: Tensor) -> Tensor:
        """What G descends; arguments as in `critic_loss`."""
        real_logits = fake.new_empty(0)
        # Batch normalisation keeps statistics of both, whatever the loss wants.
        if self.loss.pairs or D.mixes_rows:
            with torch.no_grad():  # nothing of it reaches G
                real_logits = judge(D, real, y)
        fake_logits = judge(D, fake, y)
        return self.loss.generator(real=real_logits, fake=fake_logits)


def judge(D: Critic, x: Tensor, y: Tensor) -> Tensor:
    """D's logits (n,) in single precision: the losses take differences of them."""
    logits: Tensor = D(x, y)
    return logits.float()


def judge_pair(D: Critic, real: Tensor, fake: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """D's logits of both batches, each (n,), in one forward pass over [real, fake].

    A D that mixes rows takes them one by one: through batch normalisation the fakes' statistics
    would betray themselves, and no pack is of both.
    """
    if D.mixes_rows:
        return judge(D, real, y), judge(D, fake, y)
    real_logits, fake_logits = judge(D, torch.cat([real, fake]), torch.cat([y, y])).chunk(2)
    return real_logits, fake_logits


def build_objective(config: Config) -> Objective:
    """The objective that a resolved config names.

    Raises:
        ConfigError: an unknown name, or settings that cannot hold together.
    """
    kind = choose("loss", config.loss, LOSSES)
    penalty = choose("penalty", config.penalty, PENALTIES)
    if config.label_smoothing and not kind.smooths:
        names = ", ".join(name for name, loss in LOSSES.items() if loss.smooths)
        raise ConfigError(f"loss {config.loss!r} has no labels to smooth (these have: {names})")
    if config.critic_batch_norm and config.penalty != "none":
        raise ConfigError(
            f"critic_batch_norm mixes rows, so penalty {config.penalty!r} would be wrong: "
            "set penalty to none or critic_batch_norm to false"
        )
    if config.pac > 1 and penalty.mixes:
        raise ConfigError(f"penalty {config.penalty!r} is of single rows: set pac to 1")
    loss = kind(label_smoothing=config.label_smoothing)
    return Objective(loss, penalty, resolved(config.gamma, "gamma"))
