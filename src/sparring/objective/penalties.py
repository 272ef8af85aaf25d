"""What keeps D's slope in check; each penalty has weight gamma.

R1 and R2 reuse the logits of the loss's own forward pass; the gradient penalty needs one of its
own, at points between real and fake. To add a penalty, write its class and name it in PENALTIES.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


def squared_slope(logits: Tensor, x: Tensor) -> Tensor:
    """|d logits_i / d x_i|^2 of every row: (n,), differentiable once more."""
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return squared_norm(gradient)


def squared_norm(rows: Tensor) -> Tensor:
    """The squared Euclidean norm of every row (n, ...): (n,)."""
    return rows.flatten(1).square().sum(1)


@dataclass(frozen=True)
class Seen:
    """What D was shown and what it said, in one forward pass.

    Attributes:
        real, fake: (n, ...) inputs of D, float32; they require a gradient where the penalty
            takes their slope.
        real_logits, fake_logits: (n,).
        between: given x, D's logits (n,) at x under the rows' own conditions.
        share: (n,) uniform random numbers in [0, 1), for a penalty that mixes real and fake.
    """

    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor
    between: Callable[[Tensor], Tensor]
    share: Tensor


class Penalty(ABC):
    """A non-negative scalar that grows with D's slope."""

    slope_of_inputs = True  # whether the forward pass must keep gradients of D's inputs
    mixes = False  # whether it needs random numbers to mix real and fake

    @abstractmethod
    def __call__(self, seen: Seen) -> Tensor: ...


class NoPenalty(Penalty):
    """0: D is free."""

    slope_of_inputs = False

    def __call__(self, seen: Seen) -> Tensor:
        return seen.real_logits.new_zeros(())


class R1(Penalty):
    """E|grad D(x)|^2 / 2 on real rows  (Mescheder et al. 2018, eq. 9)."""

    def __call__(self, seen: Seen) -> Tensor:
        return squared_slope(seen.real_logits, seen.real).mean() / 2


class R2(Penalty):
    """E|grad D(x)|^2 / 2 on fake rows  (Mescheder et al. 2018, eq. 10)."""

    def __call__(self, seen: Seen) -> Tensor:
        return squared_slope(seen.fake_logits, seen.fake).mean() / 2


class R1R2(Penalty):
    """R1 + R2, in one backward pass  (Huang et al. 2025)."""

    def __call__(self, seen: Seen) -> Tensor:
        logits = seen.real_logits.sum() + seen.fake_logits.sum()
        real, fake = torch.autograd.grad(logits, (seen.real, seen.fake), create_graph=True)
        return (squared_norm(real) + squared_norm(fake)).mean() / 2


class GradientPenalty(Penalty):
    """E(|grad D(xhat)| - 1)^2, xhat uniform between the real and fake row of a pair.

    Gulrajani et al. 2017, eq. 3, where gamma is 10. The norm is taken row by row.
    """

    slope_of_inputs = False
    mixes = True

    def __call__(self, seen: Seen) -> Tensor:
        share = seen.share.view(-1, *[1] * (seen.real.dim() - 1))
        x = torch.lerp(seen.real, seen.fake, share).requires_grad_()
        # The tiny constant keeps the derivative of the root finite where D is flat.
        slope = (squared_slope(seen.between(x), x) + 1e-12).sqrt()
        return (slope - 1).square().mean()


PENALTIES: dict[str, Penalty] = {
    "none": NoPenalty(),
    "r1": R1(),
    "r2": R2(),
    "r1+r2": R1R2(),
    "gp": GradientPenalty(),
}
