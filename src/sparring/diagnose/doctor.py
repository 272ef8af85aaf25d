"""The doctor: from the log of a run, finished or not, to a diagnosis."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sparring.config import Config
from sparring.diagnose.diagnosis import VERDICTS, Diagnosis, Evidence
from sparring.diagnose.remedies import remedy
from sparring.diagnose.rules import CONFIDENCE, HEALTH, LEAST_LOOKS, RULES
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
        defaults = KINDS[schema["kind"]].defaults
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
    for rule in RULES:
        evidence = rule.evidence(course)
        if evidence is not None:
            settings = remedy(rule.verdict, config, defaults)
            return Diagnosis(rule.verdict, CONFIDENCE[rule.verdict], evidence, settings)
        if rule.verdict == "diverged" and len(course.looks) < LEAST_LOOKS:
            return Diagnosis("too early to tell", 1.0)
    signs = ((sign, course.now(sign.signal)) for sign in HEALTH)
    looked_at = [Evidence(s.signal, value, s.reference) for s, value in signs if value is not None]
    return Diagnosis("healthy", CONFIDENCE["healthy"], tuple(looked_at))


def told(diagnosis: Diagnosis) -> str:
    """A diagnosis in one line: what it is, what speaks for it, what to try."""
    text = f"{diagnosis.verdict}: {VERDICTS[diagnosis.verdict]}"
    if diagnosis.evidence:
        text += f" ({', '.join(map(shown, diagnosis.evidence))})"
    if diagnosis.remedy:
        text += f"; try {settings(diagnosis)}"
    return text


def shown(evidence: Evidence) -> str:
    """A signal beside its reference: "spread .02, below .3 since step 250"."""
    side = "above" if evidence.value > evidence.reference else "below"
    since = "" if evidence.since_step is None else f" since step {evidence.since_step:,}"
    name = evidence.signal.replace("_", " ")
    return f"{name} {evidence.value:.3g}, {side} {evidence.reference:.3g}{since}"


def settings(diagnosis: Diagnosis) -> str:
    """The remedy as arguments of `sparring train`."""
    return " ".join(f"--set {name}={value}" for name, value in diagnosis.remedy.items())
