"""One page with every recipe that is done: HTML with the pictures inside, and Markdown."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from sparring.errors import InputError, RunError
from sparring.files import write_whole
from sparring.recipes.catalogue import RECIPES
from sparring.recipes.summary import FORMAT

TEMPLATES = Path(__file__).parent / "templates"
LARGEST = {".png": 100_000, ".gif": 500_000}  # bytes of a picture in the pages
COLOURS = (256, 128, 64, 32)


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
    page = render("page.html", out, lambda name, file: inline(out / name / file))
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
        data = small(out / name / file)
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
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(f"{template}.j2").render(
        recipes=recipes, picture=picture, missing=[n for n in RECIPES if n not in names(recipes)]
    )


def names(recipes: Iterable[dict[str, Any]]) -> set[str]:
    return {recipe["name"] for recipe in recipes}


def inline(path: Path) -> str:
    """A picture, made small, as a data URI."""
    kind = path.suffix.removeprefix(".")
    return f"data:image/{kind};base64,{base64.b64encode(small(path)).decode()}"


def small(path: Path) -> bytes:
    """A picture's bytes, in fewer colours and then smaller until they are few enough."""
    data, most = path.read_bytes(), LARGEST[path.suffix]
    scale = 1.0
    while len(data) > most:
        for colours in COLOURS:
            data = reduced(path, colours, scale)
            if len(data) <= most:
                break
        scale *= 0.85
    return data


def reduced(path: Path, colours: int, scale: float) -> bytes:
    """A picture (every frame of it) in so many colours, at `scale` times its size."""
    with Image.open(path) as picture:
        frames, times = [], []
        for i in range(getattr(picture, "n_frames", 1)):
            picture.seek(i)
            size = (round(picture.width * scale), round(picture.height * scale))
            frame = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            frames.append(frame.quantize(colours, dither=Image.Dither.NONE))
            times.append(picture.info.get("duration", 0))
    buffer = io.BytesIO()
    if path.suffix == ".gif":
        frames[0].save(
            buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0
        )
    else:
        frames[0].save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
