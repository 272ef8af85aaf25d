"""`sparring compare`: what it prints, at any width, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from sparring.baselines import nets
from sparring.cli.compare import tables
from sparring.compare import METHODS
from sparring.evaluate.suite import METRICS, Score
from sparring.standings import Comparison, Trial
from tests.cli.conftest import TINY, Call
from tests.cli.test_train import refused


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nets, "WIDTH", 8)
    monkeypatch.setattr(nets, "DEPTH", 1)


def test_a_table_and_its_verdict(call: Call, table_csv: Path) -> None:
    result = call("compare", table_csv, "--target", "group", "--seeds", 2,
                  "--methods", "gan, gmm,bootstrap", *TINY)  # fmt: skip
    assert result.code == 0, result.err
    first, *rest = result.out.splitlines()
    assert "GAN" in first
    assert first.endswith(".")
    text = "\n".join(rest)
    for words in ("metric", "real rows", "gan", "gmm", "bootstrap", "winner", "Shape error",
                  "Label agreement", "seconds to fit", "±", "a yardstick"):  # fmt: skip
        assert words in text
    assert "seed 1: gmm" in result.err
    assert not Path("runs").exists()


def test_json_alone_is_on_standard_output(call: Call, table_csv: Path) -> None:
    result = call("compare", table_csv, "--methods", "kde,copula", "--seeds", 1, "--json",
                  "--metrics", "shape,trend")  # fmt: skip
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert [metric["name"] for metric in found["metrics"]] == ["shape", "trend"]
    assert list(found["methods"]) == ["kde", "copula"]
    assert found["verdict"] == "The GAN was not among the methods."


def test_settings_are_the_flags_of_train(call: Call, table_csv: Path) -> None:
    result = call("compare", table_csv, "--columns", "height,children", "--holdout", 0.5,
                  "--seed", 3, "--seeds", 1, "--methods", "marginals", "--json",
                  "--metrics", "shape")  # fmt: skip
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert (found["seeds"], found["holdout_rows"]) == ([3], 30)


def test_refusals(call: Call, table_csv: Path) -> None:
    refused(call, "compare", "gone.csv", says=["gone.csv"])
    refused(call, "compare", table_csv, "--methods", "gan,gms", says=["'gms'", "'gmm'", "smote"])
    refused(call, "compare", table_csv, "--methods", "vae", says=["vae", "minutes"])
    refused(call, "compare", table_csv, "--target", "grop", says=["grop", "group"])
    refused(call, "compare", table_csv, "--gama", 1, says=["--gama", "--gamma"])
    refused(call, "compare", says=["source"])


def wide() -> Comparison:
    """All methods under three seeds, one of them left out, with figures as long as they get."""

    floors = {"frechet": 0.011, "c2st": 0.5, "sliced_wasserstein": 0.011}

    def scores(i: int) -> tuple[Score, ...]:
        return tuple(
            Score(n, METRICS[n].title.format(space="pixels-pca64", embedding="e", columns="c"),
                  METRICS[n].better, METRICS[n].meaning, 100, 0.012345 * i, floor, None)
            for n, floor in floors.items()
        )  # fmt: skip

    trials = [
        Trial(m, seed, 2.0, (), "too few rows") if m == "smote" else
        Trial(m, seed, 2.0, scores(i + seed))
        for seed in range(3)
        for i, m in enumerate(METHODS, 1)
    ]  # fmt: skip
    return Comparison("rows", "image", 9, 9, METHODS, frozenset({"bootstrap"}), tuple(trials))


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_part_of_the_table_is_wider_than_the_terminal(width: int) -> None:
    parts = list(tables(wide(), width))
    for part in parts:
        console = Console(width=1_000, record=True)
        with console.capture() as capture:
            console.print(part)
        lines = [line.rstrip() for line in capture.get().splitlines()]
        assert max(map(len, lines)) <= width
        assert lines[0].split()[:3] == ["metric", "real", "rows"]
        assert lines[0].endswith("winner")
        assert not any("…" in line for line in lines)
    headings = [str(c.header) for part in parts for c in part.columns]
    shown = [name for name in headings if name in METHODS]
    assert shown == [m for m in METHODS if m != "smote"]
    assert len(parts) == {80: 3, 100: 2, 160: 1}[width]


def test_the_last_column_says_who_wins_and_whether_it_is_clear() -> None:
    (part,) = tables(wide(), 200)
    console = Console(width=200)
    with console.capture() as capture:
        console.print(part)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    endings = {line.split()[0]: i for i, line in enumerate(lines) if line}
    frechet, c2st = endings["Fréchet"], endings["Two-sample"]
    # The figures grow from method to method: the GAN's are the lowest, flow's the nearest to .5.
    assert [line.split()[-1] for line in lines[frechet : frechet + 2]] == ["gan", "clear"]
    assert [line.split()[-1] for line in lines[c2st : c2st + 2]] == ["flow", "clear"]
    assert lines[c2st + 2].endswith("gan behind")
