"""One page with every recipe that is done: HTML with the pictures inside, and Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sparring.errors import InputError, RunError
from sparring.files import write_whole
from sparring.recipes.catalogue import RECIPES
from sparring.recipes.summary import FORMAT, RESULTS
from sparring.report.html import environment, inline, small

TEMPLATES = Path(__file__).parent / "templates"


def read(path: Path) -> dict[str, Any]:
    """One recipe's results.

    Raises:
        RunError: a file that is damaged or of another version.
    """
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read ({error})") from None
    if results.get("format") != FORMAT:
        raise RunError(f"{path}: of another version; run its recipe again")
    return results


def done(out: Path) -> dict[str, dict[str, Any]]:
    """The results in `out` by recipe, in the order of the catalogue.

    Raises:
        InputError: there are none.
        RunError: a file that is damaged or of another version.
    """
    paths = {name: out / name / RESULTS for name in RECIPES}
    found = {name: read(path) for name, path in paths.items() if path.exists()}
    if not found:
        raise InputError(f"{out} holds no finished recipe yet")
    return found


def write_html(out: Path) -> Path:
    """Write `out/index.html`, one file that opens offline; its path.

    Raises:
        InputError: no recipe is done yet.
        RunError: a file cannot be read or written.
    """
    path = out / "index.html"
    page = render("page.html", done(out), lambda name, file: _inline(out / name / file))
    _write(path, page.encode())
    return path


def write_docs(out: Path, docs: Path) -> Path:
    """Write `docs/recipes.md`, and results and small pictures to `docs/images/recipes`; its path.

    What these hold of other recipes, run on another machine perhaps, stays; and what is whole
    there does not give way to what is not.

    Raises:
        InputError: no recipe is done yet.
        RunError: a file cannot be read or written.
    """
    kept = docs / "images" / "recipes"
    kept.mkdir(parents=True, exist_ok=True)
    for name, results in done(out).items():
        record = kept / f"{name}.json"
        if results["unfinished"] and record.exists() and not read(record)["unfinished"]:
            continue
        for figure in results["figures"]:
            _write(kept / f"{name}-{figure['file']}", _small(out / name / figure["file"]))
        _write(record, (json.dumps(results, indent=1) + "\n").encode())
    records = {name: kept / f"{name}.json" for name in RECIPES}
    page = render(
        "page.md", {name: read(path) for name, path in records.items() if path.exists()},
        lambda name, file: (kept / f"{name}-{file}").relative_to(docs).as_posix(),
    )  # fmt: skip
    path = docs / "recipes.md"
    _write(path, page.encode())
    return path


def render(
    template: str, recipes: Mapping[str, dict[str, Any]], picture: Callable[[str, str], str]
) -> str:
    """A template filled with the results of recipes.

    Args:
        picture: the address of a figure, by its recipe and its file.
    """
    made = environment(TEMPLATES, escape=template.endswith(".html"))
    made.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return made.get_template(f"{template}.j2").render(
        recipes=recipes.values(), picture=picture, missing=[n for n in RECIPES if n not in recipes]
    )


def _write(path: Path, data: bytes) -> None:
    write_whole(path, lambda file: file.write(data))


def _inline(path: Path) -> str:
    return inline(_small(path), path.suffix.removeprefix("."))


def _small(path: Path) -> bytes:
    return small(path.read_bytes(), path.suffix)
