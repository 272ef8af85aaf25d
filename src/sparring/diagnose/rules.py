"""From signals to a verdict: the first rule all of whose signs hold.

The references were set on planted runs of other seeds than `python -m benchmarks doctor` has.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparring.diagnose.diagnosis import Evidence
from sparring.diagnose.signals import Course

LEAST_LOOKS = 2  # fewer say nothing


@dataclass(frozen=True)
class Sign:
    """A signal beyond a reference.

    Attributes:
        signal: key of SIGNALS.
        reference: what it is held against; above: on which side of it the sign holds.
        needed: whether the rule says nothing of a run that did not measure it.
    """

    signal: str
    reference: float
    above: bool
    needed: bool = True

    def holds(self, value: float) -> bool:
        """Whether a value is beyond the reference."""
        return value > self.reference if self.above else value < self.reference


@dataclass(frozen=True)
class Rule:
    """A verdict, and the signs that together speak for it, the strongest first."""

    verdict: str
    signs: tuple[Sign, ...]

    def evidence(self, course: Course) -> tuple[Evidence, ...] | None:
        """What of the course speaks for the verdict, or None when not every sign holds."""
        found = []
        for sign in self.signs:
            value = course.now(sign.signal)
            if value is None and not sign.needed:
                continue
            if value is None or not sign.holds(value):
                return None
            since = course.since(sign.signal, sign.holds)
            found.append(Evidence(sign.signal, value, sign.reference, since))
        return tuple(found)


def over(signal: str, reference: float) -> Sign:
    return Sign(signal, reference, above=True)


def under(signal: str, reference: float) -> Sign:
    return Sign(signal, reference, above=False)


FAR = over("distance", 3)  # from the real rows, and more than chance
PULLS = over("critic_slope", 0.2)  # where D does not, G drifts
SURE = Sign("holdout_accuracy", 0.85, above=True, needed=False)  # of rows not known by heart, too
APART = over("neighbour_accuracy", 0.72)  # row by row, not by a little more here and there

# In the order in which they are asked. What is final comes first, then causes that leave G where it
# is, then what is wrong with the samples, then who is the stronger, and last what time may mend.
RULES: tuple[Rule, ...] = (
    Rule("diverged", (over("divergences", 0),)),
    Rule("diverged", (over("spread", 4.5), over("distance", 20))),
    Rule("diverged", (over("logit_gap", 6000),)),
    Rule("copies training data", (over("copies", 0.3), under("nearness", 0.5))),
    Rule("critic memorises", (over("train_preference", 0.75),)),
    Rule("vanishing gradient", (under("gradient_share", 0.12), over("critic_accuracy", 0.9), FAR)),
    Rule(
        "critic wins",
        (over("critic_accuracy", 0.98), over("logit_gap", 3), under("movement", 0.03), SURE, FAR),
    ),
    Rule("generator wins", (under("critic_slope", 0.01), under("logit_gap", 0.02), FAR)),
    # Samples of a G that has just begun are alike, too.
    Rule("under-trained", (under("distance_growth", -0.3), under("looks", 5), FAR, APART)),
    Rule("under-trained", (under("turning", 0.05), under("movement", 0.02), FAR)),
    Rule("under-trained", (under("looks", 3), under("logit_gap", 2), FAR, APART)),
    Rule(
        "under-trained",
        (under("looks", 3), under("logit_gap", 0.5), over("distance", 2),
         over("neighbour_accuracy", 0.75)),
    ),
    # Samples that differ, all of them elsewhere at every look.
    Rule(
        "oscillating",
        (over("churn", 0.8), over("movement", 0.8), over("spread", 0.45), PULLS, FAR),
    ),
    Rule("collapsed", (under("spread", 0.25), FAR)),
    Rule("collapsed", (under("cell_entropy", 0.35), FAR)),
    Rule("vanishing gradient", (under("gradient_share", 0.18), over("critic_accuracy", 0.9), FAR)),
    Rule("mode dropping", (over("cells_missed", 0.15), under("cell_entropy", 0.9))),
    Rule(
        "generator wins",
        (under("critic_slope", 0.06), under("logit_gap", 0.03), under("churn", 0.5),
         over("distance", 5), APART),
    ),
    Rule(
        "oscillating",
        (over("churn", 0.6), over("movement", 0.55), over("spread", 0.4), over("logit_gap", 0.1),
         PULLS),
    ),
    Rule(
        "oscillating",
        (over("churn", 0.85), over("movement", 1.2), under("spread", 0.45), PULLS, FAR),
    ),
    Rule("critic wins", (over("critic_accuracy", 0.98), over("logit_gap", 3), SURE)),
    Rule("critic wins", (over("critic_accuracy", 0.9), over("logit_gap", 6), SURE)),
    Rule("critic wins", (over("critic_accuracy", 0.9), over("logit_gap", 3), SURE, FAR, APART)),
    Rule("under-trained", (over("distance", 5), APART)),
)  # fmt: skip

# What samples show; the other verdicts say why. One of each may hold of a run.
OF_SAMPLES = {"copies training data", "collapsed", "mode dropping"}
# Where one player's strength keeps G from coming far, modes that are missing say more only if more
# cells than this are missed: never, or many.
MISSED_BESIDE = {"critic wins": 1.0, "generator wins": 0.35}
# Nothing more is said of a run that is lost, or has just begun.
ALONE = {"diverged", "under-trained"}

# What is shown of a healthy run.
HEALTH: tuple[Sign, ...] = (over("spread", 0.25), under("cells_missed", 0.15), under("distance", 5))

# (right + 1) / (given + 2) of each verdict, where it came first, on new planted runs.
CONFIDENCE: dict[str, float] = {
    "healthy": 0.95,
    "under-trained": 0.88,
    "mode dropping": 0.96,
    "collapsed": 0.95,
    "critic wins": 0.91,
    "generator wins": 0.95,
    "vanishing gradient": 0.96,
    "oscillating": 0.84,
    "diverged": 0.99,
    "critic memorises": 0.92,
    "copies training data": 0.95,
}
