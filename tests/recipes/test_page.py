"""One page with everything, and its twin for the documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sparring.errors import InputError, RunError
from sparring.recipes import page
from sparring.recipes.base import Recipe
from sparring.recipes.page import write_docs, write_html
from sparring.recipes.runner import claim, run_recipe


@pytest.fixture
def out(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which one of two recipes is done."""
    monkeypatch.setattr(page, "RECIPES", {"tiny": recipe, "other": recipe})
    claim(tmp_path / "out", True)
    run_recipe("tiny", recipe, tmp_path / "out", 1, True, lambda text: None)
    return tmp_path / "out"


def test_the_page_is_one_file(out: Path) -> None:
    text = write_html(out).read_text()
    sources = re.findall(r'src="([^"]*)"', text)
    assert [s.partition(";")[0] for s in sources] == ["data:image/png", "data:image/gif"]
    assert "http" not in text
    assert 'name="viewport"' in text
    assert "prefers-color-scheme: dark" in text


def test_what_the_recipe_says_is_no_markup(out: Path) -> None:
    text = write_html(out).read_text()
    assert "a title with &lt;b&gt; and |" in text
    assert 'alt="a &lt;text&gt;"' in text
    assert "a note &amp; more" in text
    assert "Not run yet: other" in text
    assert "A rehearsal" in text


def test_the_documentation_holds_table_and_pictures(out: Path, tmp_path: Path) -> None:
    text = write_docs(out, tmp_path / "docs").read_text()
    assert "| the seed | 0.5 | 0.0 | as published | page 1 |" in text
    assert "| the seed is zero | 1 of 1 seeds | seed = 0 | page 2 |" in text
    files = re.findall(r"\]\((images/[^)]*)\)", text)
    assert files == ["images/recipes/tiny-a.png", "images/recipes/tiny-both.gif"]
    assert all((tmp_path / "docs" / file).is_file() for file in files)
    for line in text.splitlines():
        assert not line.startswith("| --- |") or set(line) <= set("| -")


def test_the_documentation_keeps_what_it_has_of_other_recipes(
    out: Path, recipe: Recipe, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    write_docs(out, docs)
    claim(tmp_path / "elsewhere", True)
    run_recipe("other", recipe, tmp_path / "elsewhere", 1, True, lambda text: None)
    text = write_docs(tmp_path / "elsewhere", docs).read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## tiny", "## other"]
    assert "Not run yet" not in text


def test_what_is_whole_does_not_give_way_to_what_is_not(out: Path, tmp_path: Path) -> None:
    docs, results = tmp_path / "docs", out / "tiny" / "results.json"
    half = json.loads(results.read_text()) | {"unfinished": ["a run"], "title": "half of it"}
    whole = results.read_text()
    results.write_text(json.dumps(half))
    assert "half of it" in write_docs(out, docs).read_text()
    results.write_text(whole)
    assert "half of it" not in write_docs(out, docs).read_text()
    results.write_text(json.dumps(half))
    assert "half of it" not in write_docs(out, docs).read_text()


def test_nothing_done_and_damage_are_told(out: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished recipe"):
        write_html(tmp_path)
    path = out / "tiny" / "results.json"
    path.write_text(json.dumps({"format": 0}))
    with pytest.raises(RunError, match="another version; run its recipe again"):
        write_html(out)
    path.write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        write_html(out)
