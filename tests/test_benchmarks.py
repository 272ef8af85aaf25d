"""The benchmarks' own arithmetic, and that README shows what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import machine, readme
from benchmarks.__main__ import BENCHMARKS


def test_spread() -> None:
    assert machine.spread([0.5]) == "0.500"
    assert machine.spread([1.0, 3.0, 2.0], 1) == "2.0 (1.0 to 3.0)"


def test_results_become_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "RESULTS", tmp_path)
    monkeypatch.setattr(readme, "RESULTS", tmp_path)
    machine.keep("toys", 2, [{"toy": "ring", "seconds": "9"}])
    assert json.loads((tmp_path / "toys.json").read_text())["rows"][0]["toy"] == "ring"
    figures = readme.figures(("toys", "never run"))
    assert "| ring | 9 |" in figures
    assert "python -m benchmarks toys --seeds 2" in figures


@pytest.mark.parametrize("page", readme.PAGES)
def test_a_page_shows_the_results_that_are_kept(page: str) -> None:
    text = (machine.ROOT / page).read_text(encoding="utf-8")
    assert readme.figures(readme.PAGES[page]) in text, "run: python -m benchmarks readme"


def test_every_benchmark_has_its_page() -> None:
    shown = [name for names in readme.PAGES.values() for name in names]
    assert sorted(shown) == sorted(BENCHMARKS)
