"""One page with every recipe that is done: HTML with the pictures inside, and Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sparring.errors import InputError, RunError
from sparring.files import write_whole
from sparring.recipes.catalogue import RECIPES
from sparring.recipes.summary import FORMAT
from sparring.report.html import environment, inline, small

TEMPLATES = Path(__file__).parent / "templates"


def done(out: Path) -> list[dict[str, Any]]:
    """The results in `out`, in the order of the catalogue.

    Raises:
        RunError: a file that is damaged or of another version.
    """
    found = []
    for path in [out / name / "results.json" for name in RECIPES]:
        if path.exists():
            try:
                results = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise RunError(f"{path}: cannot be read ({error})") from None
            if results.get("format") != FORMAT:
                raise RunError(f"{path}: of another version; run {path.parent.name} again")
            found.append(results)
    return found


def write_html(out: Path) -> Path:
    """Write `out/index.html`, one file that opens offline; its path.

    Raises:
        InputError: no recipe is done yet.
        RunError: a file cannot be read or written.
    """
    path = out / "index.html"
    page = render("page.html", out, lambda name, file: _inline(out / name / file))
    write_whole(path, lambda file: file.write(page.encode()))
    return path


def write_docs(out: Path, docs: Path) -> Path:
    """Write `docs/recipes.md` and its pictures, made small, to `docs/images/recipes`; its path.

    Raises:
        InputError: no recipe is done yet.
        RunError: a file cannot be read or written.
    """
    images = docs / "images" / "recipes"
    images.mkdir(parents=True, exist_ok=True)

    def copied(name: str, file: str) -> str:
        target = images / f"{name}-{file}"
        data = _small(out / name / file)
        write_whole(target, lambda to: to.write(data))
        return target.relative_to(docs).as_posix()

    path = docs / "recipes.md"
    page = render("page.md", out, copied)
    write_whole(path, lambda file: file.write(page.encode()))
    return path


def render(template: str, out: Path, picture: Callable[[str, str], str]) -> str:
    """A template filled with everything that is done in `out`.

    Args:
        picture: the address of a figure, by its recipe and its file.
    """
    recipes = done(out)
    if not recipes:
        raise InputError(f"{out} holds no finished recipe yet")
    made = environment(TEMPLATES, escape=template.endswith(".html"))
    made.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return made.get_template(f"{template}.j2").render(
        recipes=recipes, picture=picture, missing=[n for n in RECIPES if n not in names(recipes)]
    )


def names(recipes: Iterable[dict[str, Any]]) -> set[str]:
    return {recipe["name"] for recipe in recipes}


def _inline(path: Path) -> str:
    return inline(_small(path), path.suffix.removeprefix("."))


def _small(path: Path) -> bytes:
    return small(path.read_bytes(), path.suffix)
