"""Values that move over a run, as functions of its progress in [0, 1]."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sparring.config import Config, resolved
from sparring.errors import choose

HALF_LIFE_SHARE = 0.25  # of the steps so far, at most


def cosine(progress: float) -> float:
    """0 at the start, 1 at the end, flat at both."""
    return (1 - math.cos(math.pi * min(max(progress, 0.0), 1.0))) / 2


def constant(progress: float) -> float:
    """0 throughout: every value stays at its start."""
    return 0.0


@dataclass(frozen=True)
class Settings:
    """What a step runs under."""

    gamma: float
    learning_rate: float
    critic_learning_rate: float
    beta2: float
    ema_weight: float  # how far the averaged G moves towards G in one step, in [0, 1]


@dataclass(frozen=True)
class Schedule:
    """R3GAN's schedules: learning rate and beta2 along a line, gamma geometrically.

    The averaging's half-life always grows from 0, so that the random start is forgotten, and never
    exceeds a share of the steps so far, so that a short run is averaged as much as a long one.
    """

    config: Config

    def __post_init__(self) -> None:
        choose("schedule", self.config.schedule, SCHEDULES)

    def at(self, progress: float, step: float = math.inf) -> Settings:
        """The settings at `progress` in [0, 1], after so many steps; at 0 they are the config's."""
        c = self.config
        t = SCHEDULES[c.schedule](progress)
        decay = 1 + t * (resolved(c.learning_rate_decay, "learning_rate_decay") - 1)
        rate = resolved(c.learning_rate, "learning_rate")
        critic_rate = rate if c.critic_learning_rate is None else c.critic_learning_rate
        half_life = resolved(c.ema_half_life_steps, "ema_half_life_steps") * cosine(progress)
        half_life = min(half_life, HALF_LIFE_SHARE * step)
        return Settings(
            gamma=resolved(c.gamma, "gamma") * resolved(c.gamma_decay, "gamma_decay") ** t,
            learning_rate=rate * decay,
            critic_learning_rate=critic_rate * decay,
            beta2=c.beta2 + t * (c.beta2_end - c.beta2),
            ema_weight=1.0 if half_life < 0.1 else 1 - 0.5 ** (1 / half_life),
        )


SCHEDULES = {"cosine": cosine, "constant": constant}
