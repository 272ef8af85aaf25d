"""Differentially private training of D: DP-SGD (Abadi et al. 2016, algorithm 1).

What of the rows reaches a model, and how:

- Their number: it is taken to be no secret. Defaults, delta, the split and the steps go by it.
- Types, categories, ends of numbers, what can be missing: of public rows, none of the rows' own.
- The distribution of each column of numbers, the shares of the target: counts with noise.
- D: every row is in a batch by a coin of its own; its gradient is clipped; the sum is noised. What
  else its gradient depends on, its place in its rank intervals, is drawn for it alone. Coins,
  places and noise are from streams that no setting tells. Fakes are as many as ever, under
  conditions of their own.
- G, its average and its calibration: D, noise, and conditions drawn from noised shares. No row.

Anything else that could look at rows is refused (`PROMISE`) or left out: a choice among rows, the
drawing of cells, a monitor, looks at the run, rollbacks, fingerprints. So a model is as private as
all updates of D and the noised counts together, which an accountant (Mironov et al. 2019, by
Opacus) adds up.
"""

from __future__ import annotations

import math
import secrets
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sparring.config import Config, resolved
from sparring.data.batches import Batches
from sparring.errors import ConfigError
from sparring.kinds.base import Kind
from sparring.nets.base import Critic, Generator
from sparring.objective.losses import LOSSES
from sparring.objective.objective import Objective, judge
from sparring.seeds import random_stream, resume_stream
from sparring.train.cluster import processes
from sparring.train.step import Batch, Slope, slope

ENCODERS = 0.2  # of epsilon, at most, goes to the statistics of the columns
LARGEST_NOISE = 1e4  # times the clipping norm
# Of the Renyi divergence. Opacus' own end at 63, where a small epsilon is not the least yet, and
# have more between whole numbers, which take long and gain little.
ORDERS = (1.25, 1.5, *(x / 2 for x in range(4, 24)), *range(12, 64), 80, 100, 128, 192, 256, 512)


@dataclass(frozen=True)
class Budget:
    """What a run spends of privacy, and on what.

    Attributes:
        epsilon, delta: what was asked for.
        noise: standard deviation of the noise on a sum of gradients, in clipping norms.
        sample_rate: probability of a row to be in an update of D.
        encoder_noise: standard deviation of the noise on the columns' statistics, in their
            sensitivities to one row.
    """

    epsilon: float
    delta: float
    noise: float
    sample_rate: float
    encoder_noise: float

    def spent(self, updates: int) -> float:
        """Epsilon after so many updates of D, at `delta`."""
        return _epsilon(self.delta, [(self.noise, self.sample_rate, updates), self._encoders])

    @property
    def words(self) -> str:
        """What is planned, for a person."""
        return (
            f"privacy: epsilon {self.epsilon:g}, delta {self.delta:.2g}; a row is in an update of "
            f"D with chance {self.sample_rate:.2g}, the noise is {self.noise:.2g} x clip_norm"
        )

    @property
    def _encoders(self) -> tuple[float, float, int]:
        return self.encoder_noise, 1.0, 1


def privately(config: Config) -> Config:
    """The settings of a run under epsilon, where these keep its promise.

    Raises:
        ConfigError: they do not.
    """
    for name, instead in INSTEAD.items():
        if getattr(config, name) == getattr(Config, name):
            config = config.replace({name: instead})
    if config.public_rows is None:
        raise ConfigError(
            "epsilon needs public_rows: a table that is no secret, with every column and category, "
            "and the ends of every number, since a model tells them"
        )
    for name, (accepted, reason) in PROMISE.items():
        if getattr(config, name) not in accepted:
            words = " or ".join(str(value) for value in accepted)
            raise ConfigError(f"epsilon: {name} must be {words}: {reason}")
    if processes() > 1:
        raise ConfigError("epsilon is for one process")
    return config


def updates_of_critic(config: Config, steps: int) -> int:
    """How often D was updated when so many steps were made."""
    return config.critic_warmup_steps + config.d_steps * steps


def budget(config: Config, rows: int, updates: int) -> Budget:
    """The least noise that keeps a run within its epsilon.

    Raises:
        ConfigError: no noise does, or Opacus is not there.
    """
    epsilon, rate = resolved(config.epsilon, "epsilon"), min(1.0, _batch(config) / rows)
    delta = config.delta or rows**-1.1
    encoders = _least(lambda noise: _epsilon(delta, [(noise, 1.0, 1)]) - ENCODERS * epsilon)
    release = (encoders, 1.0, 1)
    noise = _least(lambda noise: _epsilon(delta, [(noise, rate, updates), release]) - epsilon)
    return Budget(epsilon, delta, noise, rate, encoders)


def _batch(config: Config) -> int:
    return resolved(config.batch_size, "batch_size")


def _least(excess: Any) -> float:
    """The smallest noise, to a thousandth, at which `excess`, which falls with it, is no more."""
    low, high = 0.01, LARGEST_NOISE
    if excess(high) > 0:
        raise ConfigError("epsilon is too small: no noise keeps this run within it")
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def _epsilon(delta: float, mechanisms: list[tuple[float, float, int]]) -> float:
    """Epsilon of Gaussian mechanisms (noise, sample rate, times), one after another."""
    try:
        from opacus.accountants import RDPAccountant
    except ImportError:
        raise ConfigError("epsilon needs Opacus: pip install 'sparring[privacy]'") from None
    accountant = RDPAccountant()
    accountant.history = [mechanism for mechanism in mechanisms if mechanism[2]]
    with warnings.catch_warnings():  # that another order might tell less; the bound holds
        warnings.filterwarnings("ignore", "Optimal order")
        return float(accountant.get_epsilon(delta, alphas=ORDERS))


class PrivateBatches(Batches):
    """Batches for D in which every row is by a coin of its own, and conditions alone for G.

    Args:
        kind: its shares are noised already.
        budget: of privacy; others as `Batches`.
    """

    def __init__(self, *args: Any, kind: Kind, budget: Budget) -> None:
        super().__init__(*args)
        self.budget, self.row = budget, kind.shape.row
        self.asked = kind.ask(self.batch_size)
        # Whoever knew these knew more than the accountant allows.
        self.coins, self.noise = secret_stream(), secret_stream()
        self.random = secret_stream(self.device)

    def _next_rows(self) -> Tensor:
        chance = torch.rand(self.rows, generator=self.coins, dtype=torch.float64)
        return torch.nonzero(chance < self.budget.sample_rate).squeeze(1)

    def next_of_generator(self) -> tuple[Tensor, Tensor]:
        """No rows, and conditions (b, k) as samples have them."""
        y = self.asked.condition(range(self.batch_size), self.coins).y.to(self.device)
        return y.new_zeros(len(y), *self.row), y

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {
            "coins": self.coins.get_state(), "noise": self.noise.get_state()
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        resume_stream(self.coins, state["coins"])
        resume_stream(self.noise, state["noise"])


def secret_stream(device: torch.device | str = "cpu") -> torch.Generator:
    """Random numbers that no setting tells: a model names its seed."""
    return random_stream(secrets.randbits(128), "privacy", device)


def private_slope(
    G: Generator, D: Critic, objective: Objective, config: Config, batches: PrivateBatches
) -> Slope:
    """What D descends: the mean over fakes, and over real rows the noised sum by the mean batch.

    The loss has a part for real rows and one for fakes. Both are clipped, so that neither outweighs
    the other; fakes, under conditions of their own, tell of no row and need no noise, nor does a
    penalty on them.
    """
    budget = batches.budget
    expected, deviation = budget.sample_rate * batches.rows, budget.noise * config.clip_norm

    def critic(batch: Batch) -> tuple[Tensor, list[Tensor]]:
        sums = clipped_sum(
            D, batch.real, batch.y, config.clip_norm,
            lambda logits: objective.loss.critic(real=logits, fake=torch.zeros_like(logits)),
        )  # fmt: skip
        for total in sums:
            drawn = torch.randn(total.shape, generator=batches.noise).to(total.device)
            total += deviation * drawn
        y = batches.next_of_generator()[1]
        with torch.no_grad():
            fake = G(batch.z, y).float()
        of_fakes = clipped_sum(
            D, fake, y, config.clip_norm,
            lambda logits: objective.loss.critic(real=torch.zeros_like(logits), fake=logits),
        )  # fmt: skip
        found = [a / expected + b / len(y) for a, b in zip(sums, of_fakes, strict=True)]
        if config.penalty == "r2":
            fake.requires_grad_()
            (inputs,) = torch.autograd.grad(judge(D, fake, y).sum(), fake, create_graph=True)
            penalty = objective.gamma * inputs.square().sum() / (2 * len(y))
            found = [a + b for a, b in zip(found, slope(penalty, D)[1], strict=True)]
        # The loss is not told: it would be one more number of the rows.
        return found[0].new_zeros(()), found

    return critic


def clipped_sum(
    D: Critic, x: Tensor, y: Tensor, clip: float, mean_loss: Callable[[Tensor], Tensor]
) -> list[Tensor]:
    """The gradients of all of D that rows (n, ...) have, none longer than `clip`, summed over n.

    D is made of linear layers, each of them used once: a row's gradient is an outer product in
    each, of what comes in and of the slope of what goes out, so that its length is known without it
    (Goodfellow 2015).

    Args:
        mean_loss: of logits (n,); every row's part depends on its own logit alone.
    """
    seen: list[tuple[nn.Linear, Tensor, Tensor]] = []

    def see(layer: nn.Linear, inputs: tuple[Tensor], output: Tensor) -> None:
        seen.append((layer, inputs[0].detach(), output))

    layers = [module for module in D.modules() if isinstance(module, nn.Linear)]
    hooks = [layer.register_forward_hook(see) for layer in layers]
    try:
        logits = judge(D, x, y)
    finally:
        for hook in hooks:
            hook.remove()
    parameters = list(D.parameters())
    inside = sum(p.numel() for layer in layers for p in layer.parameters())
    assert len(seen) == len(layers), "a layer was used twice"
    assert inside == sum(p.numel() for p in parameters), "a parameter is in no linear layer"
    free = logits.detach().requires_grad_()
    (pull,) = torch.autograd.grad(mean_loss(free) * len(x), free)
    outputs = [output for _, _, output in seen]
    slopes = torch.autograd.grad(logits, outputs, pull, retain_graph=True)
    squares = torch.zeros_like(pull)
    for (layer, inputs, _), out in zip(seen, slopes, strict=True):
        inner = inputs.square().sum(1) + (layer.bias is not None)
        squares += inner * out.square().sum(1)
    scale = (clip / squares.sqrt().clamp(min=1e-12)).clamp(max=1.0)
    return list(torch.autograd.grad(logits, parameters, pull * scale))


# What takes the place of a default that is not for epsilon.
INSTEAD: dict[str, Any] = {
    "loss": "non-saturating", "penalty": "r2", "rollbacks": 0, "engine": "eager", "candidates": 1,
    "gibbs_sweep": False, "given_share": 0.0, "find_constraints": False,
}  # fmt: skip

# Settings that epsilon leaves no choice in: what is accepted, and why.
PROMISE: dict[str, tuple[tuple[Any, ...], str]] = {
    "loss": (
        tuple(name for name, loss in LOSSES.items() if not loss.pairs),
        "the others show G real rows",
    ),
    "penalty": (("none", "r2"), "the others look at real rows"),
    "minutes": ((None,), "the accountant must know the number of steps (steps, epochs)"),
    "monitor": ((None,), "it would choose a model by rows that are not accounted for"),
    "rollbacks": ((0,), "steps made again would look at rows again"),
    "engine": (("eager",), "batches differ in size"),
    "precision": ((None, "fp32"), "a clipped gradient must not be rounded"),
    "candidates": ((1,), "the choice among rows is fitted to real rows"),
    "gibbs_sweep": ((False,), "it draws cells as real rows have them"),
    "given_share": ((None, 0.0), "G would be given cells of real rows"),
    "smoothing": ((None, 0.0), "it follows the correlations of real rows"),
    "stratified": ((None, False), "regions of real rows would be statistics of them"),
    "constraints": ((None,), "they are fitted to cells of real rows"),
    "find_constraints": ((False,), "what follows from what is told by real rows"),
    "critic_batch_norm": ((False,), "it mixes rows"),
    "pac": ((1,), "it mixes rows"),
    "critic_spectral_norm": ((False,), "its state would see rows outside the budget"),
    "critic_dropout": ((0.0,), "the seed tells its noise"),
}
