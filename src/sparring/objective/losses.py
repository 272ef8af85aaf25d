"""What G and D optimise.

Every loss sees logits only (large = real), as keyword arguments, and returns a scalar to be
minimised. In the equations a = D(x), b = D(G(z)), sp(t) = log(1 + e^t). To add a loss, write its
dataclass and name it in LOSSES: the command line, the docs and the tests read that dict.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import log
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus


class Equilibrium(NamedTuple):
    """Both losses where fakes are like real rows and D is the best there is, without smoothing.

    The best D then has one logit for all rows, a = b. None: a loss that depends on which.
    """

    critic: float | None
    generator: float | None


@dataclass(frozen=True)
class Loss(ABC):
    """A pair of losses, one for each player; logits have shape (n,).

    Attributes:
        label_smoothing: real rows are labelled 1 - this, where a loss has labels (`smooths`).
        equilibrium: what both losses come to where the game ends.
        unit: of both losses, where they have one.
        relative: whether only differences between logits mean anything, and their level nothing.
        pairs: whether G sees what D says of real rows.
    """

    label_smoothing: float = 0.0
    smooths: ClassVar[bool] = False
    pairs: ClassVar[bool] = False
    equilibrium: ClassVar[Equilibrium]
    unit: ClassVar[str] = ""
    relative: ClassVar[bool] = False

    @abstractmethod
    def critic(self, *, real: Tensor, fake: Tensor) -> Tensor:
        """The mean loss of D."""

    @abstractmethod
    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        """The mean loss of G; `real` is (0,) unless the loss `pairs`."""

    def probability(self, logits: Tensor) -> Tensor:
        """D's probability that a row is real, in [0, 1], where the loss gives logits that sense."""
        return torch.sigmoid(logits)


@dataclass(frozen=True)
class NonSaturating(Loss):
    """min_D E[sp(-a)] + E[sp(b)];  min_G E[sp(-b)]  (Goodfellow et al. 2014, sec. 3).

    `label_smoothing` s labels real rows 1 - s (one-sided; Salimans et al. 2016):
    sp(-a) becomes (1 - s) sp(-a) + s sp(a).
    """

    smooths = True
    equilibrium = Equilibrium(critic=2 * log(2), generator=log(2))
    unit = "nats"

    def critic(self, *, real: Tensor, fake: Tensor) -> Tensor:
        s = self.label_smoothing
        return ((1 - s) * softplus(-real) + s * softplus(real) + softplus(fake)).mean()

    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-fake).mean()


@dataclass(frozen=True)
class Minimax(NonSaturating):
    """min_G max_D E[log sigmoid(a)] + E[log(1 - sigmoid(b))]  (Goodfellow et al. 2014, eq. 1).

    G minimises -sp(b), which saturates while D is sure of the fakes.
    """

    equilibrium = Equilibrium(critic=2 * log(2), generator=-log(2))

    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return -softplus(fake).mean()


@dataclass(frozen=True)
class LeastSquares(Loss):
    """min_D E[(a - 1)^2]/2 + E[b^2]/2;  min_G E[(b - 1)^2]/2  (Mao et al. 2017, eq. 9).

    `label_smoothing` s moves the target of real rows to 1 - s.
    """

    smooths = True
    equilibrium = Equilibrium(critic=1 / 4, generator=1 / 8)

    def critic(self, *, real: Tensor, fake: Tensor) -> Tensor:
        target = 1 - self.label_smoothing
        return ((real - target).square() + fake.square()).mean() / 2

    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return (fake - 1).square().mean() / 2

    def probability(self, logits: Tensor) -> Tensor:
        return logits.clamp(0, 1)


@dataclass(frozen=True)
class Hinge(Loss):
    """min_D E[relu(1 - a)] + E[relu(1 + b)];  min_G -E[b]  (Lim & Ye 2017)."""

    equilibrium = Equilibrium(critic=2.0, generator=None)

    def critic(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return (relu(1 - real) + relu(1 + fake)).mean()

    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()


@dataclass(frozen=True)
class Wasserstein(Loss):
    """min_G max_D E[a] - E[b] over 1-Lipschitz D  (Arjovsky et al. 2017, eq. 2).

    The Lipschitz bound comes from the penalty: use `gp`.
    """

    equilibrium = Equilibrium(critic=0.0, generator=None)
    relative = True

    def critic(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return (fake - real).mean()

    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()


@dataclass(frozen=True)
class Relativistic(Loss):
    """min_D E[sp(b - a)];  min_G E[sp(a - b)], pairs by batch index (RpGAN).

    Jolicoeur-Martineau 2018; Huang et al. 2025 (R3GAN), eq. 2. Only a - b means anything: the
    level of the logits is free.
    """

    pairs = True
    equilibrium = Equilibrium(critic=log(2), generator=log(2))
    unit = "nats"
    relative = True

    def critic(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator(self, *, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(real - fake).mean()


LOSSES: dict[str, type[Loss]] = {
    "minimax": Minimax,
    "non-saturating": NonSaturating,
    "least-squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
}
