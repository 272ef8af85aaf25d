"""Notices that a run diverges: a loss that is not finite, a gradient far above its usual size."""

from __future__ import annotations

import math
import statistics
from typing import Any

from sparring.errors import DivergedError

WINDOW = 500  # steps whose median is the usual size
FIRST = 100  # steps before there is one
RENEWED_EVERY = 25  # steps
EXPLOSION = 10.0  # times the usual size


class Watch:
    """Follows the losses and gradient norms of D and G.

    Args:
        explosions: whether a gradient far above its usual size counts.
    """

    def __init__(self, explosions: bool) -> None:
        self.explosions = explosions
        self.norms: dict[str, list[float]] = {"critic": [], "generator": []}
        self.usual: dict[str, float] = {}
        self.seen = 0

    def check(self, losses: list[float], norms: list[float]) -> None:
        """Look at one step: the losses and gradient norms of D and G, in this order.

        Raises:
            DivergedError: a loss or norm is not finite, or a norm is more than ten times its
                median over the last 500 steps.
        """
        self.seen += 1
        for loss, norm, (name, past) in zip(losses, norms, self.norms.items(), strict=True):
            if not math.isfinite(loss + norm):
                what, value = ("gradient norm", norm) if math.isfinite(loss) else ("loss", loss)
                raise DivergedError(f"the {name}'s {what} became {value}")
            if not self.explosions:
                continue
            usual = self.usual.get(name, math.inf)
            if norm > EXPLOSION * usual:
                raise DivergedError(
                    f"the {name}'s gradient norm became {norm:.3g}, its median is {usual:.3g}"
                )
            past.append(norm)
            if self.seen >= FIRST and self.seen % RENEWED_EVERY == 0:
                del past[:-WINDOW]
                self.usual[name] = statistics.median(past)

    def state_dict(self) -> dict[str, Any]:
        """All that decides what it will say."""
        norms = {name: list(past) for name, past in self.norms.items()}
        return {"norms": norms, "usual": dict(self.usual), "seen": self.seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.norms = {name: list(past) for name, past in state["norms"].items()}
        self.usual, self.seen = dict(state["usual"]), state["seen"]
