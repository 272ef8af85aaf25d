"""What the doctor says of a run: a verdict, what speaks for it, and what to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Evidence:
    """A signal that speaks for a verdict.

    Attributes:
        signal: key of SIGNALS.
        value: what it was; reference: what it was held against, in the same unit.
        since_step: the step from which on it was beyond the reference, where that is known.
    """

    signal: str
    value: float
    reference: float
    since_step: int | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The doctor's word on a run.

    Attributes:
        verdict: key of VERDICTS.
        also: another one that holds beside it: what samples show of a cause, or the cause of what
            they show; "" where there is none.
        confidence: how often this verdict was right on planted runs, in [0, 1].
        evidence: what speaks for it, the strongest first, then for `also`; of a healthy run, what
            was looked at.
        remedy: settings to try instead, by name, as `--set` takes them; empty when healthy.
    """

    verdict: str
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    remedy: Mapping[str, str] = field(default_factory=dict)
    also: str = ""


# What each verdict means, in a sentence for a person.
VERDICTS: dict[str, str] = {
    "healthy": "no sign of a failure",
    "too early to tell": "D and G were looked at less than twice",
    "under-trained": "the samples were still improving when the run ended",
    "mode dropping": "a part of the data is never generated",
    "collapsed": "nearly all samples are alike",
    "critic wins": "D tells samples from data without effort and G no longer learns from it",
    "generator wins": "D is too weak to tell samples from data that others can tell",
    "vanishing gradient": "little of D's gradient reaches G",
    "oscillating": "G moves round and round instead of closer",
    "diverged": "losses or gradients grew beyond bounds",
    "critic memorises": "D knows the training rows by heart and mistakes new real rows for fakes",
    "copies training data": "samples are training rows, or closer to them than real rows are",
}
