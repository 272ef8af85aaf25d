"""A run of steps: schedules, averaging, random numbers and all state that a resume needs."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from sparring.config import Config, resolved
from sparring.data.batches import Batches
from sparring.errors import ConfigError, DivergedError, RunError, choose
from sparring.nets.base import Critic, Generator
from sparring.objective.objective import Objective
from sparring.seeds import random_stream, resume_stream
from sparring.train.checkup import Checkup
from sparring.train.cluster import largest, mean_over_processes, share_of
from sparring.train.ema import AveragedModel
from sparring.train.engine import ENGINES, Step
from sparring.train.latents import Latents
from sparring.train.player import Player
from sparring.train.private import PrivateBatches, private_slope
from sparring.train.runtime import arithmetic, thread_count
from sparring.train.schedule import Schedule
from sparring.train.step import Batch, slopes, train_step
from sparring.train.watch import Watch

GOOD_EVERY = 200  # steps between the states in memory that a diverging run goes back to
PACE_STEPS = 3
LOOK_EVERY = 25  # steps between looks at the losses on a GPU


class Trainer:
    """Trains G against D on batches.

    Args:
        G, D: networks, on the device of `batches`.
        objective: what they optimise.
        batches: rows and conditions, without end.
        config: resolved (no None where the kind has a default).
        holdout: rows that training never sees, for the looks at how it goes; None = there are none.

    Attributes:
        average: the running average of G; `average.net` is what samples.
        step: G updates made.
        seconds: time spent in steps, over all sittings of the run.
        slowdown: what the learning rate is multiplied with: 1, and half of it after each rollback.
        went_back: whether the last of `steps` was a return to the last good state.
        events: what happened that a person should know, in words; whoever tells it empties it.

    Raises:
        ConfigError: an unknown optimiser, schedule or engine, or no budget.
    """

    def __init__(
        self, G: Generator, D: Critic, objective: Objective, batches: Batches, config: Config,
        holdout: Batches | None = None,
    ) -> None:  # fmt: skip
        self.G, self.D, self.objective, self.batches, self.config = G, D, objective, batches, config
        self.player_g, self.player_d = Player(G, config), Player(D, config)
        self.average = AveragedModel(G, self.player_g.vector)
        self.schedule = Schedule(config)
        if config.steps is None and config.epochs is None and config.minutes is None:
            raise ConfigError("no budget: give steps, epochs or minutes")
        self.precision = resolved(config.precision, "precision")
        device = batches.device
        # Tensors, so that a recorded step sees them move.
        objective.gamma = self.gamma = torch.zeros((), device=device)
        self.ema_weight = torch.zeros((), device=device)
        self.engine = choose("engine", resolved(config.engine, "engine"), ENGINES)
        self.slopes = slopes(G, D, objective)
        self.private = isinstance(batches, PrivateBatches)
        if isinstance(batches, PrivateBatches):
            self.slopes = private_slope(G, D, objective, config, batches), self.slopes[1]
        self.run: Step | None = None
        self.random = random_stream(config.seed, "latents", device)
        self.latents = Latents(
            batches.batch_size, G.latent_dim, self.random, config.seed,
            stratified=bool(config.stratified),
        )  # fmt: skip
        self.share_random = random_stream(config.seed, "penalty", device)
        self.dropout_random = random_stream(config.seed, "dropout", device)
        self.step = 0
        self.warmed = 0  # critic updates before the first step
        self.seconds = 0.0
        self.sums = torch.zeros(4, device=device)  # losses and gradient norms since the last record
        self.summed = 0
        self._unseen: list[Tensor] = []  # the same of single steps that nothing looked at yet
        self.watch = Watch(explosions=config.rollbacks > 0)
        self.checkup = Checkup(
            G, self.average.net, D, objective.loss, batches, holdout, config.seed
        )
        self.slowdown = 1.0
        self.went_back = False
        self.events: list[str] = []
        self._good: dict[str, Any] | None = None

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, in [0, 1]."""
        if self.config.minutes is not None:
            return min(self.seconds / (60 * self.config.minutes + 1e-9), 1.0)
        return min(self.step / self.total_steps, 1.0)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run; under a time budget, as many as its pace so far promises."""
        steps = planned_steps(self.config, self.batches.rows)
        if steps is None:
            return max(self.step, round(self.step / max(self.progress, 1e-9)))
        return steps

    def steps(self) -> Iterator[int]:
        """Make the steps that the budget has left; yields the step count after each.

        It yields 0 after every critic update of the warm-up. A run that diverges goes back to its
        last good state at half the learning rate; the count then goes back, too.

        Raises:
            DivergedError: it diverged once more than `rollbacks` allows.
        """
        while self.progress < 1:
            for net in (self.G, self.D):
                if not net.training:
                    net.train()
            before = time.perf_counter()
            self.went_back = False
            try:
                with self._dropout_random(), arithmetic(self.precision, self.batches.device):
                    self._step()
            except DivergedError as error:
                self._roll_back(error)
                self.went_back = True
            finally:
                self.seconds = largest(self.seconds + time.perf_counter() - before)
            yield self.step

    def _step(self) -> None:
        if self._good is None or (
            self.step % GOOD_EVERY == 0 and self.step != self._good["step"]
        ):
            self._look()
            if self._good is None or not self.watch.alarmed:
                self._good = self.state_dict() | {"good": None}  # not the one before it, too
        if self.run is None:
            self._start()
            assert self.run is not None
        now = self.schedule.at(self.progress, self.step)
        self.gamma.fill_(now.gamma)
        self.ema_weight.fill_(now.ema_weight)
        self.player_g.set_rates(self.slowdown * now.learning_rate, now.beta2)
        self.player_d.set_rates(self.slowdown * now.critic_learning_rate, now.beta2)
        if self.warmed < self.config.critic_warmup_steps:
            loss = self.player_d.descend(self.slopes[0](self.next_batch()))
            self.warmed += 1
            # For the log alone: what is usual begins with the first step.
            self.sums[0] += loss
            self.summed += 1
        else:
            numbers = self.run(self.next_batches())
            self.step += 1
            self._add(numbers)

    def play(self, batches: list[Batch]) -> Tensor:
        """One step; returns the losses and the gradient norms of D and G: (4,)."""
        losses = train_step(
            self.player_d, self.player_g, *self.slopes, iter(batches).__next__, self.config.d_steps
        )
        self.average.update(self.ema_weight)
        return torch.stack([*losses, *self._norms()]).float()

    def _norms(self) -> list[Tensor]:
        return [player.gradient.norm() for player in (self.player_d, self.player_g)]

    def _start(self) -> None:
        """Make the engine ready, at the first step of a sitting; nothing else changes."""
        before = self.state_dict()
        example = self.next_batches()
        for player in (self.player_d, self.player_g):
            player.recorded = self.config.engine != "eager"
        try:
            self.run = self.engine(self.play, example)
        except (RuntimeError, OSError) as error:  # of a compiler, disk or GPU: no end
            first = str(error).partition("\n")[0]
            self.events.append(f"engine {self.config.engine} failed ({first}); eager goes on")
            self.run = self.play
        self.load_state_dict(before)

    def next_batches(self) -> list[Batch]:
        """What the updates of one step see: those of D, then that of G."""
        of_critic = [self.next_batch() for _ in range(self.config.d_steps)]
        return [*of_critic, self.next_batch(of_generator=True)]

    def next_batch(self, of_generator: bool = False) -> Batch:
        """What the next update sees: of several processes, this one's share of it."""
        size = self.batches.batch_size
        real, y = self.batches.next_of_generator() if of_generator else self.batches.next()
        share = self.gamma.new_empty(0)
        if self.objective.penalty.mixes:
            share = torch.rand(size, generator=self.share_random, device=self.batches.device)
        return Batch(*map(share_of, (real, y, self.latents.next(), share)))

    def _add(self, numbers: Tensor) -> None:
        """Take one step's losses and gradient norms into account."""
        self.sums += numbers
        self.summed += 1
        self._unseen.append(numbers)
        # To look at a number on a GPU is to wait for it: that is done now and then.
        if self.batches.device.type == "cpu" or len(self._unseen) == LOOK_EVERY:
            self._look()

    def _look(self) -> None:
        """Check the steps that nothing looked at yet.

        Raises:
            DivergedError: one of them diverged.
        """
        unseen, self._unseen = self._unseen, []
        for numbers in torch.stack(unseen).tolist() if unseen else []:
            self.watch.check(numbers[:2], numbers[2:])

    def _roll_back(self, error: DivergedError) -> None:
        """Return to the last good state at half the learning rate.

        Raises:
            DivergedError: that was done often enough; the trainer is in the last good state.
        """
        assert self._good is not None
        text, slowdown, seconds = f"{error} at step {self.step}", self.slowdown, self.seconds
        self.load_state_dict(self._good)
        self.slowdown, self.seconds = slowdown / 2, seconds
        if slowdown <= 0.5**self.config.rollbacks:
            tried = f" (after {self.config.rollbacks} rollbacks)" if self.config.rollbacks else ""
            raise DivergedError(f"{text}{tried}")
        self.events.append(
            f"{text}: back to step {self.step}, learning rate x {self.slowdown:g} from here on"
        )

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

    def pace(self, threads: int) -> float:
        """Seconds that one step takes, the first not counted."""
        with thread_count(threads):
            next(self.steps())
            before = self.seconds
            for _ in itertools.islice(self.steps(), PACE_STEPS):
                pass
        return (self.seconds - before) / PACE_STEPS

    def record(self) -> dict[str, float]:
        """One line of the log: means since the last, the settings now, and signals if due."""
        sums = self.sums.clone()
        mean_over_processes(sums)
        means = (sums / max(self.summed, 1)).tolist()
        self.sums.zero_()
        self.summed = 0
        now = self.schedule.at(self.progress)
        record: dict[str, float] = {"step": self.step, "seconds": round(self.seconds, 3)}
        if self.step == 0:
            record["critic_step"] = self.warmed
        if not self.private:  # it is a number of the rows, and not in the budget
            record["critic_loss"] = means[0]
        if self.step == 0:
            return record
        record |= {
            "generator_loss": means[1],
            "critic_gradient": means[2],
            "generator_gradient": means[3],
            "gamma": now.gamma,
            "learning_rate": self.slowdown * now.learning_rate,
        }
        if self.slowdown < 1:
            record["divergences"] = -math.log2(self.slowdown)
        if not self.private and self.checkup.due(self.step, self.progress):
            record |= self.checkup.look(self.step, self.progress)
        return record

    def ending(self) -> dict[str, float]:
        """The last line of the log of a run that diverged."""
        seconds = round(self.seconds, 3)
        return {"step": self.step, "seconds": seconds, "divergences": -math.log2(self.slowdown)}

    def healthy(self) -> bool:
        """Whether every parameter is finite."""
        vectors = (self.player_g.vector, self.player_d.vector, self.average.vector)
        return all(bool(torch.isfinite(vector).all()) for vector in vectors)

    def state_dict(self) -> dict[str, Any]:
        """All that decides the steps to come, as it is now: tensors and plain values.

        Raises:
            DivergedError: a step diverged that nothing had looked at yet.
        """
        self._look()
        state = {
            "G": self.player_g.state_dict(),
            "D": self.player_d.state_dict(),
            "average": self.average.vector.clone(),
            "buffers": self._buffers(),
            "batches": self.batches.state_dict(),
            "streams": [stream.get_state() for stream in self._streams()],
            "step": self.step,
            "warmed": self.warmed,
            "seconds": self.seconds,
            "sums": self.sums.clone(),
            "summed": self.summed,
            "watch": self.watch.state_dict(),
            "checkup": self.checkup.state_dict(),
            "slowdown": self.slowdown,
        }
        # Where a rollback would go decides the steps to come, too.
        good = self._good
        here = good is None or all(good[name] == state[name] for name in ("step", "warmed"))
        return state | {"good": None if here else good}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state_dict` was taken, on the same kind of device.

        Raises:
            RunError: the state of other networks, or of another version of Sparring.
        """
        try:
            self.player_g.load_state_dict(state["G"])
            self.player_d.load_state_dict(state["D"])
            self.average.vector.copy_(state["average"])
            self._set_buffers(state["buffers"])
            self.batches.load_state_dict(state["batches"])
            for stream, saved in zip(self._streams(), state["streams"], strict=True):
                resume_stream(stream, saved)
            self.sums.copy_(state["sums"])
            self.watch.load_state_dict(state["watch"])
            self.checkup.load_state_dict(state["checkup"])
            for name in ("step", "warmed", "seconds", "summed", "slowdown"):
                setattr(self, name, state[name])
            self._good = state["good"] or state
        except (KeyError, ValueError, RuntimeError, TypeError) as error:
            first = str(error).splitlines()[0]
            raise RunError(f"the saved state does not fit this run ({first})") from None
        self._unseen = []
        self.average.update(0.0)  # its buffers are those of G

    def _streams(self) -> tuple[torch.Generator, ...]:
        return self.random, self.share_random, self.dropout_random

    def _buffers(self) -> list[Tensor]:
        return [buffer.clone() for net in (self.G, self.D) for buffer in net.buffers()]

    def _set_buffers(self, values: list[Tensor]) -> None:
        buffers = [buffer for net in (self.G, self.D) for buffer in net.buffers()]
        with torch.no_grad():
            for buffer, value in zip(buffers, values, strict=True):
                buffer.copy_(value)


def planned_steps(config: Config, rows: int) -> int | None:
    """Steps that a budget gives for so many rows, or None when it is one of time.

    An epoch is as many rows for D's updates as there are rows.
    """
    if config.epochs is not None:
        rows_per_step = config.d_steps * resolved(config.batch_size, "batch_size")
        return max(1, math.ceil(config.epochs * rows / rows_per_step))
    return config.steps


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
