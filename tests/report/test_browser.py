"""The report as Chromium shows it: no error, no request, no scrolling sideways, letters to read.

Opt-in: `pytest -n 0 -m browser`, with the extra `browser`, chromium and chromedriver.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparring.kinds.catalogue import KINDS
from sparring.report.findings import of_run
from sparring.report.page import write_report
from tests.report.conftest import ALERT, found_of
from tests.report.test_html import contrast

pytestmark = pytest.mark.browser

NARROW, WIDE = 360, 1200
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--no-first-run", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip

# Every text that is seen, in its colour and in that of what lies behind it, as #rrggbb.
COLOURS = """
const hex = c => '#' + c.match(/[\\d.]+/g).slice(0, 3)
    .map(x => (+x).toString(16).padStart(2, '0')).join('');
const clear = c => /^rgba\\(.*, 0\\)$/.test(c);
const found = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  if (!walk.currentNode.data.trim()) continue;
  let behind = walk.currentNode.parentElement;
  const ink = getComputedStyle(behind).color;
  while (behind.parentElement && clear(getComputedStyle(behind).backgroundColor)) {
    behind = behind.parentElement;
  }
  found.add(hex(ink) + ' ' + hex(getComputedStyle(behind).backgroundColor));
}
return [...found];
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    profile = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield started
    started.quit()


def show(chromium: Any, path: Path, width: int, mode: str = "light") -> None:
    """Open a page in a window of that width, in light or dark mode."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = [{"name": "prefers-color-scheme", "value": mode}]
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    for kind in ("browser", "performance"):
        chromium.get_log(kind)  # forget what was before
    chromium.get(path.as_uri())


@pytest.fixture(scope="module", params=KINDS)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    write_report(found_of(request.param, True), path)
    return path


def requested(chromium: Any) -> set[str]:
    """Addresses that the last page asked for, besides what it carries."""
    events = (json.loads(entry["message"])["message"] for entry in chromium.get_log("performance"))
    urls = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    return {url for url in urls if not url.startswith(("data:", "chrome:"))}


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_it_opens_without_error_request_or_sideways_scrolling(
    chromium: Any, report: Path, width: int
) -> None:
    show(chromium, report, width)
    assert chromium.get_log("browser") == []
    assert requested(chromium) == {report.as_uri()}
    page = "document.documentElement"
    assert chromium.execute_script(f"return {page}.clientWidth") == width
    assert chromium.execute_script(f"return {page}.scrollWidth") == width
    broken = "return [...document.images].filter(i => !i.naturalWidth || !i.alt).length"
    assert chromium.execute_script(broken) == 0


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_all_text_has_contrast(chromium: Any, report: Path, mode: str) -> None:
    show(chromium, report, WIDE, mode)
    pairs = [pair.split() for pair in chromium.execute_script(COLOURS)]
    assert len(pairs) >= 3
    assert (contrast(pairs[0][1], "#ffffff") < 1.5) is (mode == "light")
    for ink, behind in pairs:
        assert contrast(ink, behind) >= 4.5, (ink, behind)


def test_the_first_screen_says_it_all(chromium: Any, report: Path) -> None:
    show(chromium, report, WIDE)
    top = "return document.querySelector('{}').getBoundingClientRect().top"
    assert chromium.execute_script(top.format(".numbers")) < 300
    assert chromium.execute_script(top.format("header figure")) < 600


def test_paper_has_no_more_than_the_page(chromium: Any, report: Path) -> None:
    show(chromium, report, WIDE, "dark")
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    style = "return getComputedStyle(document.{}).{}"
    assert chromium.execute_script(style.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
    assert chromium.execute_script(style.format("querySelector('nav')", "display")) == "none"
    assert chromium.execute_script(style.format("images[0]", "filter")) == "none"
    sheet = {"width": 700, "height": 900, "deviceScaleFactor": 1, "mobile": False}  # A4
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", sheet)
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= 700
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_markup_in_the_data_does_nothing(chromium: Any, run: Path, tmp_path: Path) -> None:
    write_report(of_run(run, baselines=[]), tmp_path / "r.html")
    show(chromium, tmp_path / "r.html", NARROW)
    assert chromium.get_log("browser") == []
    assert requested(chromium) == {(tmp_path / "r.html").as_uri()}
    assert ALERT in chromium.execute_script("return document.body.innerText")  # and no alert
    assert chromium.execute_script("return document.documentElement.scrollWidth") == NARROW
