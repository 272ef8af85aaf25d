"""`sparring evaluate`: against the holdout and against other rows."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import TINY, Call
from tests.cli.test_train import refused, write


def test_the_holdout_is_read_again(call: Call, table_csv: Path) -> None:
    call("train", table_csv, "--run", "run", *TINY)
    result = call("evaluate", "run", "--json")
    assert result.code == 0, result.err
    scores = {score["name"]: score for score in json.loads(result.out)["scores"]}
    assert scores["shape"]["floor"] < scores["shape"]["value"] <= 1
    assert scores["shape"]["rows"] == 12
    assert scores["shape"]["low"] < scores["shape"]["value"] < scores["shape"]["high"]
    assert {tuple(p["columns"]) for p in scores["shape"]["parts"]} == {
        ("height",), ("children",), ("group",)
    }  # fmt: skip
    kept = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    assert kept[1]["scores"] == list(scores.values())
    assert all(s == scores[s["name"]] for s in kept[0]["scores"])  # the quick ones, after training


def test_metrics_are_chosen(call: Call, table_csv: Path) -> None:
    call("train", table_csv, "--run", "run", *TINY)
    found = json.loads(call("evaluate", "run", "--json", "--metrics", "recall, copies").out)
    assert [s["name"] for s in found["scores"]] == ["recall", "copies"]
    refused(call, "evaluate", "run", "--metrics", "recal", says=["recal", "recall"])


def test_a_run_that_is_still_written(call: Call, table_csv: Path) -> None:
    call("train", table_csv, "--run", "run", *TINY)
    whole = json.loads(call("evaluate", "run", "--json").out)
    # As a kill, or a look in between, finds it: no picture yet, and torn last lines.
    Path("run/samples.png").unlink()
    for name in ("log.jsonl", "metrics.jsonl"):
        path = Path("run", name)
        path.write_text(path.read_text() + '{"step": 3, "criti')
    assert json.loads(call("evaluate", "run", "--json").out) == whole
    assert json.loads(Path("run/metrics.jsonl").read_text().splitlines()[-1]) == whole
    Path("run/model.safetensors").unlink()
    refused(call, "evaluate", "run", says=["model.safetensors", "not saved a model yet"])


def test_against_other_rows(call: Call, table_csv: Path) -> None:
    call("train", table_csv, "--run", "run", *TINY)
    result = call("evaluate", "run", "--against", table_csv)
    assert result.code == 0, result.err
    assert "48" in result.out  # as many rows as training has for the floor


def test_refusals(call: Call, table_csv: Path) -> None:
    write("t.csv", table_csv.read_text())
    call("train", "t.csv", "--run", "run", *TINY)
    refused(call, "evaluate", "gone", says=["gone"])
    other = write("other.csv", "height,children\n1,2\n3,4\n5,6\n")
    refused(call, "evaluate", "run", "--against", other, says=["group"])
    refused(call, "evaluate", "run", "--against", "gone.csv", says=["gone.csv"])
    write("t.csv", table_csv.read_text().replace("1.11", "1.12"))
    refused(call, "evaluate", "run", says=["t.csv", "other rows"])
    Path("t.csv").unlink()
    refused(call, "evaluate", "run", says=["t.csv"])


def test_the_heading_names_the_rows_that_are_judged_by(call: Call, table_csv: Path) -> None:
    call("train", table_csv, "--run", "r", *TINY)
    own = call("evaluate", "r", "--metrics", "shape").out
    assert "samples beside rows that training never saw" in own
    assert f"samples beside {table_csv}" in call(
        "evaluate", "r", "--metrics", "shape", "--against", table_csv
    ).out.replace("\n", "")
