"""A run of steps: schedules, averaging, random numbers and all state that a resume needs."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from sparring.config import Config, resolved
from sparring.data.batches import Batches
from sparring.errors import ConfigError, DivergedError, RunError
from sparring.nets.base import Critic, Generator
from sparring.objective.objective import Objective
from sparring.seeds import random_stream, resume_stream
from sparring.train.ema import AveragedModel
from sparring.train.optimizers import build_optimizer, set_rates
from sparring.train.runtime import arithmetic
from sparring.train.schedule import Schedule
from sparring.train.step import train_step


class Trainer:
    """Trains G against D on batches.

    Args:
        G, D: networks, on the device of `batches`.
        objective: what they optimise; its generator is set to the trainer's.
        batches: rows and conditions, without end.
        config: resolved (no None where the kind has a default).

    Attributes:
        average: the running average of G; `average.net` is what samples.
        step: G updates made.
        seconds: time spent in steps, over all sittings of the run.

    Raises:
        ConfigError: an unknown optimiser or schedule, or no budget.
    """

    def __init__(
        self, G: Generator, D: Critic, objective: Objective, batches: Batches, config: Config
    ) -> None:
        self.G, self.D, self.objective, self.batches, self.config = G, D, objective, batches, config
        self.average = AveragedModel(G)
        self.opt_g = build_optimizer(G.parameters(), config)
        self.opt_d = build_optimizer(D.parameters(), config)
        self.schedule = Schedule(config)
        if config.steps is None and config.epochs is None and config.minutes is None:
            raise ConfigError("no budget: give steps, epochs or minutes")
        self.precision = resolved(config.precision, "precision")
        self.random = random_stream(config.seed, "latents", batches.device)
        objective.generator = self.random
        self.dropout_random = random_stream(config.seed, "dropout", batches.device)
        self.step = 0
        self.seconds = 0.0
        self.sums = torch.zeros(2, device=batches.device)  # of the losses since the last record
        self.summed = 0

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, in [0, 1]."""
        if self.config.minutes is not None:
            return min(self.seconds / (60 * self.config.minutes + 1e-9), 1.0)
        return min(self.step / self.total_steps, 1.0)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run; under a time budget, as many as its pace so far promises.

        An epoch is as many rows for D's updates as there are rows.
        """
        c = self.config
        if c.steps is not None:
            return c.steps
        if c.epochs is not None:
            rows_per_step = c.d_steps * self.batches.batch_size
            return max(1, math.ceil(c.epochs * self.batches.rows / rows_per_step))
        return max(self.step, round(self.step / max(self.progress, 1e-9)))

    def steps(self) -> Iterator[int]:
        """Make the steps that the budget has left; yields the step count after each.

        Raises:
            DivergedError: a loss is not finite.
        """
        while self.progress < 1:
            self.G.train()
            self.D.train()
            before = time.perf_counter()
            with self._dropout_random():
                self._step()
            self.seconds += time.perf_counter() - before
            yield self.step

    def _step(self) -> None:
        now = self.schedule.at(self.progress)
        self.objective.gamma = now.gamma
        set_rates(self.opt_g, now.learning_rate, now.beta2)
        set_rates(self.opt_d, now.critic_learning_rate, now.beta2)
        try:
            with arithmetic(self.precision, self.batches.device):
                losses = train_step(
                    self.G, self.D, self.opt_g, self.opt_d, self.objective,
                    self.batches.next, self.next_latent, self.config.d_steps,
                )  # fmt: skip
        except DivergedError as error:
            raise DivergedError(f"{error} at step {self.step + 1}") from None
        self.average.update(now.ema_weight)
        self.sums += torch.stack(losses).float()
        self.summed += 1
        self.step += 1

    @contextmanager
    def _dropout_random(self) -> Iterator[None]:
        """Dropout knows only torch's global random state: lend it ours for a step, then restore."""
        if not self.config.critic_dropout:
            yield
            return
        device = self.batches.device
        before = _global_random(device)
        _set_global_random(self.dropout_random.get_state(), device)
        try:
            yield
        finally:
            self.dropout_random.set_state(_global_random(device))
            _set_global_random(before, device)

    def next_latent(self) -> Tensor:
        """Noise for one batch: standard normal, (batch, latent_dim)."""
        size = (self.batches.batch_size, self.G.latent_dim)
        return torch.randn(size, generator=self.random, device=self.batches.device)

    def record(self) -> dict[str, float]:
        """One line of the log: mean losses since the last record, and the settings now."""
        critic_loss, generator_loss = (self.sums / max(self.summed, 1)).tolist()
        self.sums.zero_()
        self.summed = 0
        now = self.schedule.at(self.progress)
        return {
            "step": self.step,
            "seconds": round(self.seconds, 3),
            "critic_loss": critic_loss,
            "generator_loss": generator_loss,
            "gamma": now.gamma,
            "learning_rate": now.learning_rate,
        }

    def healthy(self) -> bool:
        """Whether every parameter is finite."""
        nets = (self.G, self.D, self.average.net)
        return all(torch.isfinite(p).all() for net in nets for p in net.parameters())

    def state_dict(self) -> dict[str, Any]:
        """All that decides the steps to come, as it is now: tensors and plain values."""
        state = {
            "G": self.G.state_dict(),
            "D": self.D.state_dict(),
            "average": self.average.net.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
            "batches": self.batches.state_dict(),
            "random": self.random.get_state(),
            "dropout_random": self.dropout_random.get_state(),
            "step": self.step,
            "seconds": self.seconds,
            "sums": self.sums,
            "summed": self.summed,
        }
        # The nets and optimisers hand out what they go on changing.
        return copy.deepcopy(state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state_dict` was taken, on the same kind of device.

        Raises:
            RunError: the state of other networks, or of another version of Sparring.
        """
        state = copy.deepcopy(state)
        try:
            for name in ("G", "D", "opt_g", "opt_d", "batches"):
                getattr(self, name).load_state_dict(state[name])
            self.average.net.load_state_dict(state["average"])
            resume_stream(self.random, state["random"])
            resume_stream(self.dropout_random, state["dropout_random"])
            self.sums.copy_(state["sums"])
            self.step, self.seconds, self.summed = state["step"], state["seconds"], state["summed"]
        except (KeyError, ValueError, RuntimeError) as error:
            first = str(error).splitlines()[0]
            raise RunError(f"the saved state does not fit this run ({first})") from None


def _global_random(device: torch.device) -> Tensor:
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.mps.get_rng_state() if device.type == "mps" else torch.get_rng_state()


def _set_global_random(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.set_rng_state(state)
