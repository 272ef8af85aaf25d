"""The page: whole, offline, safe to open, and its first screen honest."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from sparring.diagnose.diagnosis import VERDICTS
from sparring.errors import RunError
from sparring.kinds.catalogue import KINDS
from sparring.report.findings import of_run
from sparring.report.of_kind import OF_KIND
from sparring.report.page import WELL, first_screen, good, page, write_report
from sparring.standings import GAN, Trial
from tests.report.conftest import ALERT, HOSTILE, Page, found_of

MOST_BYTES = 3_000_000


@pytest.mark.parametrize(
    ("kind", "labelled"), [*((kind, False) for kind in KINDS), ("points", True), ("image", True)]
)
def test_one_file_that_needs_nothing(kind: str, labelled: bool) -> None:
    html = page(found_of(kind, labelled))
    seen = Page(html)
    assert len(html.encode()) < MOST_BYTES
    assert not seen.all("script")
    assert not re.search(r"url\(|@import", html)
    sources = [image["src"] for image in seen.all("img")]
    assert len(sources) >= 4
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    links = [link["href"] for tag in ("a", "link") for link in seen.all(tag)]
    assert all(link.startswith(("#", "data:,")) for link in links)
    anchors = {section["id"] for section in seen.all("section")}
    assert {link[1:] for link in links if link.startswith("#")} == anchors
    assert all(len(image["alt"]) > 10 for image in seen.all("img"))
    assert len(seen.all("h1")) == 1
    assert ("html", {"lang": "en"}) in seen.tags
    assert "nan" not in re.findall(r"\w+", seen.text.lower())


def test_strings_from_the_data_are_no_markup(run: Path) -> None:
    html = page(of_run(run, baselines=["marginals"]))
    assert ALERT not in html
    seen = Page(html)
    assert not seen.all("script")
    assert all(image["src"].startswith("data:") for image in seen.all("img"))
    for name in HOSTILE:
        assert name in seen.text
        assert any(name in image["alt"] for image in seen.all("img"))


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_screen_has_three_numbers(kind: str) -> None:
    found = found_of(kind, labelled=True)
    first = first_screen(found)
    assert len(first.numbers) == 3
    named = [s for s in found.scores if s.name in OF_KIND[kind].headline and s.value is not None]
    for told in first.numbers:
        assert told.title in {score.title.partition(" [")[0] for score in named}
        assert told.floor
        assert told.rival.endswith("(marginals)")


@pytest.mark.usefixtures("undrawn")
def test_the_verdict_is_in_the_first_paragraph() -> None:
    first = Page(page(found_of("points"))).paragraphs[0]
    assert first.startswith("Collapsed: nearly all samples are alike.")
    assert set(WELL) < set(VERDICTS)


@pytest.mark.usefixtures("undrawn")
def test_a_baseline_that_wins_is_in_the_first_paragraph() -> None:
    found = found_of("points")
    comparison = found.comparison
    assert comparison is not None
    best = [
        dataclasses.replace(s, value=s.floor) for s in found.scores if s.value is not None
    ]  # as real rows
    worst = [dataclasses.replace(s, value=99.0, low=98.0, high=100.0) for s in best]
    for of_gan, of_rival, beaten in ((worst, best, True), (best, worst, False)):
        trials = (Trial(GAN, 0, 1.0, tuple(of_gan)), Trial("marginals", 0, 1.0, tuple(of_rival)))
        better = dataclasses.replace(comparison, trials=trials)
        html = page(dataclasses.replace(found, comparison=better))
        first = Page(html).paragraphs[0]
        assert ("A simple method does better than this GAN: marginals" in first) is beaten
        assert "No simple method does better" in first or beaten


@pytest.mark.parametrize(
    ("value", "low", "high", "floor", "better", "as_good"),
    [
        (0.2, 0.1, 0.3, 0.15, "lower", True),  # the interval holds what real rows score
        (0.2, 0.18, 0.22, 0.15, "lower", False),
        (0.1, 0.09, 0.11, 0.15, "lower", True),
        (0.9, 0.89, 0.91, 0.8, "higher", True),
        (0.7, None, None, 0.8, "higher", False),
        (0.8, None, None, 0.8, "higher", True),
        (0.6, 0.59, 0.61, 0.52, 0.5, False),
        (0.45, 0.44, 0.46, 0.56, 0.5, True),
    ],
)
def test_what_is_as_good_as_real_rows(
    value: float, low: float | None, high: float | None, floor: float, better: str, as_good: bool
) -> None:
    assert good(value, low, high, floor, better) is as_good


@pytest.mark.usefixtures("undrawn")
def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    found = found_of("points")
    write_report(found, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == page(found)
    with pytest.raises(RunError, match="cannot be written"):
        write_report(found, tmp_path / "none" / "r.html")
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]
