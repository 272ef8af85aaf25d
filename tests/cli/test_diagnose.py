"""`sparring diagnose`: a verdict, why, and settings that `train` takes."""

from __future__ import annotations

import json
from pathlib import Path

from sparring.diagnose.diagnosis import VERDICTS
from tests.cli.conftest import TINY, Call
from tests.cli.test_train import refused

ILL = {
    "step": 100, "seconds": 1.0, "critic_accuracy": 1.0, "holdout_accuracy": 1.0,
    "train_preference": 0.5, "logit_gap": 5.0, "critic_slope": 1.0, "gradient_share": 0.9,
    "distance": 9.0, "spread": 0.0, "cells_missed": 0.9, "cell_entropy": 0.0,
    "neighbour_accuracy": 1.0, "movement": 0.1, "turning": 0.1, "churn": 0.1,
}  # fmt: skip


def test_a_run_is_told_what_is_wrong_and_what_to_try(call: Call, table_csv: Path) -> None:
    result = call("train", table_csv, "--run", "run", *TINY, "--loss", "minimax")
    assert f"too early to tell: {VERDICTS['too early to tell']}" in result.out
    lines = [json.dumps(ILL | {"step": step}) for step in (100, 200, 300)]
    Path("run/log.jsonl").write_text("\n".join(lines) + "\n")
    result = call("diagnose", "run")
    assert result.code == 0, result.err
    verdicts = [f"{name}: {VERDICTS[name]}" for name in ("collapsed", "critic wins")]
    shown = " ".join(result.out.split())
    assert shown.startswith(f"{verdicts[0]}; also {verdicts[1]} confidence: ")
    assert "spread" in result.out
    assert "--set loss=relativistic" in result.out
    arguments = result.out.rpartition("try: ")[2].split()
    result = call("train", table_csv, "--run", "again", *TINY, *arguments, "--dry-run")
    assert json.loads(result.out)["loss"] == "relativistic"
    found = json.loads(call("diagnose", "run", "--json").out)
    assert (found["verdict"], found["also"]) == ("collapsed", "critic wins")
    assert found["evidence"][0]["since_step"] == 100
    assert found["remedy"]["loss"] == "relativistic"


def test_refusals(call: Call) -> None:
    refused(call, "diagnose", "gone", says=["gone"])
    Path("empty").mkdir()
    refused(call, "diagnose", "empty", says=["empty", "config.json"])
