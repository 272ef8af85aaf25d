"""The doctor: from the log of a run, finished or not, to a diagnosis."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sparring.config import Config
from sparring.diagnose.diagnosis import VERDICTS, Diagnosis, Evidence
from sparring.diagnose.remedies import remedy
from sparring.diagnose.rules import (
    ALONE,
    CONFIDENCE,
    HEALTH,
    LEAST_LOOKS,
    MISSED_BESIDE,
    OF_SAMPLES,
    RULES,
)
from sparring.diagnose.signals import Course
from sparring.errors import RunError
from sparring.kinds.catalogue import KINDS
from sparring.train.run import Run, read_lines


def diagnose(run: str | Path) -> Diagnosis:
    """What the log of a run directory says; a run that is still being written has one, too.

    Raises:
        RunError: no such run directory, one whose settings cannot be read, or one without signals.
    """
    found = Run.open(run)
    try:
        config = Config(**json.loads((found.path / "config.json").read_text(encoding="utf-8")))
        schema = json.loads((found.path / "schema.json").read_text(encoding="utf-8"))
        defaults = KINDS[schema["kind"]].defaults_for(schema["source"]["rows"], config)
    except (OSError, LookupError, TypeError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise RunError(f"{found.path}: its settings cannot be read ({first})") from None
    return diagnose_log(read_lines(found.log_path), config, defaults)


def diagnose_log(
    records: Iterable[Mapping[str, Any]], config: Config, defaults: Mapping[str, Any]
) -> Diagnosis:
    """The same of the records of a log.

    Args:
        config: of the run, resolved; defaults: those of its kind of data. Remedies start there.
    """
    course = Course.of(records)
    early = len(course.looks) < LEAST_LOOKS
    asked = [rule for rule in RULES if rule.verdict == "diverged" or not early]
    found = [Found(rule.verdict, evidence) for rule in asked if (evidence := rule.evidence(course))]
    if found:
        verdict, evidence = found[0]
        also = beside(found)
        more = tuple(e for e in also.evidence if e not in evidence)
        settings = remedy(verdict, config, defaults)
        return Diagnosis(verdict, CONFIDENCE[verdict], evidence + more, settings, also.verdict)
    if early:
        return Diagnosis("too early to tell", 1.0)
    signs = ((sign, course.now(sign.signal)) for sign in HEALTH)
    looked_at = [Evidence(s.signal, value, s.reference) for s, value in signs if value is not None]
    return Diagnosis("healthy", CONFIDENCE["healthy"], tuple(looked_at))


class Found(NamedTuple):
    """A verdict, and what speaks for it."""

    verdict: str
    evidence: tuple[Evidence, ...]


def beside(found: list[Found]) -> Found:
    """What else holds beside the first: what samples show of it, or why they are as they are."""
    first = found[0].verdict
    for other in found[1:]:
        cause_and_effect = (other.verdict in OF_SAMPLES) != (first in OF_SAMPLES)
        missed = next((e.value for e in other.evidence if e.signal == "cells_missed"), 1.0)
        says_more = other.verdict != "mode dropping" or missed > MISSED_BESIDE.get(first, 0.0)
        if cause_and_effect and says_more and not {first, other.verdict} & ALONE:
            return other
    return Found("", ())


def told(diagnosis: Diagnosis) -> str:
    """A diagnosis in one line: what it is, what speaks for it, what to try."""
    text = meaning(diagnosis)
    if diagnosis.evidence:
        text += f" ({', '.join(map(shown, diagnosis.evidence))})"
    if diagnosis.remedy:
        text += f"; try {settings(diagnosis)}"
    return text


def meaning(diagnosis: Diagnosis) -> str:
    """What a verdict means, and what holds beside it: "critic wins: ...; also collapsed: ..."."""
    return "; also ".join(f"{name}: {VERDICTS[name]}" for name in named(diagnosis))


def named(diagnosis: Diagnosis) -> list[str]:
    """The verdict, and what holds beside it."""
    return [diagnosis.verdict, *([diagnosis.also] if diagnosis.also else [])]


def shown(evidence: Evidence) -> str:
    """A signal beside its reference: "spread .02, below .3 since step 250"."""
    side = "above" if evidence.value > evidence.reference else "below"
    since = "" if evidence.since_step is None else f" since step {evidence.since_step:,}"
    name = evidence.signal.replace("_", " ")
    return f"{name} {evidence.value:.3g}, {side} {evidence.reference:.3g}{since}"


def settings(diagnosis: Diagnosis) -> str:
    """The remedy as arguments of `sparring train`."""
    return " ".join(f"--set {name}={value}" for name, value in diagnosis.remedy.items())
