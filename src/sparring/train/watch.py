"""Notices that a run diverges: a loss that is not finite, a gradient that stays far too large."""

from __future__ import annotations

import math
import statistics
from typing import Any

from sparring.errors import DivergedError

WINDOW = 500  # steps whose median is the usual size
FIRST = 100  # steps before there is one
RENEWED_EVERY = 25  # steps
EXPLOSION = 10.0  # times the usual size
LASTING = 10  # steps in a row: a healthy run has up to four, an explosion only grows


class Watch:
    """Follows the losses and gradient norms of D and G.

    The usual size of a gradient is its running median where that was largest: as gamma and the
    learning rate fall, gradients may shrink a hundredfold, and what is large beside them need not
    be large for the nets.

    Args:
        explosions: whether a gradient that stays far above its usual size counts.
    """

    def __init__(self, explosions: bool) -> None:
        self.explosions = explosions
        self.norms: dict[str, list[float]] = {"critic": [], "generator": []}
        self.usual: dict[str, float] = {}
        self.above = dict.fromkeys(self.norms, 0)  # how many steps in a row
        self.seen = 0

    def check(self, losses: list[float], norms: list[float]) -> None:
        """Look at one step: the losses and gradient norms of D and G, in this order.

        Raises:
            DivergedError: a loss or norm is not finite, or a norm was more than ten times the
                largest of its medians over 500 steps ten times in a row.
        """
        self.seen += 1
        for loss, norm, (name, past) in zip(losses, norms, self.norms.items(), strict=True):
            if not math.isfinite(loss + norm):
                what, value = ("gradient norm", norm) if math.isfinite(loss) else ("loss", loss)
                raise DivergedError(f"the {name}'s {what} became {value}")
            if not self.explosions:
                continue
            usual = self.usual.get(name, math.inf)
            self.above[name] = self.above[name] + 1 if norm > EXPLOSION * usual else 0
            if self.above[name] == LASTING:
                raise DivergedError(
                    f"the {name}'s gradient norm became {norm:.3g}, its median was {usual:.3g}"
                )
            past.append(norm)
            if self.seen >= FIRST and self.seen % RENEWED_EVERY == 0:
                del past[:-WINDOW]
                self.usual[name] = max(self.usual.get(name, 0.0), statistics.median(past))

    @property
    def alarmed(self) -> bool:
        """Whether the last step may have been the beginning of an explosion."""
        return any(self.above.values())

    def state_dict(self) -> dict[str, Any]:
        """All that decides what it will say."""
        norms = {name: list(past) for name, past in self.norms.items()}
        return {
            "norms": norms, "usual": dict(self.usual), "above": dict(self.above), "seen": self.seen
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.norms = {name: list(past) for name, past in state["norms"].items()}
        self.usual, self.above = dict(state["usual"]), dict(state["above"])
        self.seen = state["seen"]
