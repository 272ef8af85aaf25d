"""A folder or zip of PNG and JPEG files as one array of images."""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

import numpy as np
from PIL import Image

from sparring.data.dataset import Dataset
from sparring.data.mapped import HELD_BYTES, mapped
from sparring.data.reason import first_line
from sparring.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg")
GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B")
# Images for a GAN are small: past these limits they are photographs that somebody forgot to
# shrink, and decoding them only to refuse them would fill the memory.
MAX_SIDE_PIXELS = 256

T = TypeVar("T")
Opener = Callable[[str], IO[bytes]]


def open_images(path: Path) -> Dataset:
    """Open a folder or zip of images of one size; sub-folders are labels.

    Files are taken in natural order (2.png before 10.png). Grey images (also black-and-white and
    16-bit, scaled to 8) give one channel; if any is in colour or has a palette, all get three.
    Transparent pixels are laid on white. A lone folder that everything sits in is no label, and
    labels that are all whole numbers become integers. Hidden files and files that are not
    PNG or JPEG are passed over.

    Args:
        path: a folder, searched to any depth, or a zip file.

    Returns:
        x (n, h, w, c) uint8 with c 1 or 3; y (n,) int64 or str if there are sub-folders, else None.

    Raises:
        InputError: no image, one that cannot be read, images of different sizes or far too large,
            images both beside and inside the sub-folders, or a damaged zip.
    """
    if path.is_dir():
        names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
        return _open_names(path, names, lambda name: (path / name).open("rb"))
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: not a readable zip file ({error})") from error
    with archive:
        return _open_names(path, archive.namelist(), lambda name: archive.open(name))


def _open_names(path: Path, names: list[str], opener: Opener) -> Dataset:
    """The images among `names`, in two passes: the headers of all, then the pixels."""
    names = sorted(filter(_is_image, names), key=_natural)
    if not names:
        raise InputError(f"{path}: no images found (accepted: {', '.join(SUFFIXES)})")
    labels = _labels(path, names)
    read = partial(_read, path, opener)
    headers = [read(name, lambda image: (image.size, image.mode)) for name in names]
    size = headers[0][0]
    for name, (other, _) in zip(names, headers, strict=True):
        if other != size:
            raise InputError(
                f"{path / name} is {other[0]}x{other[1]} pixels but {names[0]} is "
                f"{size[0]}x{size[1]} (accepted: images of one size)"
            )
    grey = all(mode in GREY_MODES for _, mode in headers)
    width, height = size
    shape = (len(names), height, width, 1 if grey else 3)
    if max(size) > MAX_SIDE_PIXELS:
        raise InputError(
            f"{path}: {len(names)} images of {width}x{height} pixels are too large (accepted: "
            f"sides up to {MAX_SIDE_PIXELS} pixels)"
        )
    pixels = (read(name, partial(_pixels, channels=shape[-1])) for name in names)
    if math.prod(shape) > HELD_BYTES:
        x = mapped(image[None] for image in pixels)
    else:
        x = np.empty(shape, np.uint8)
        for i, image in enumerate(pixels):
            x[i] = image
    return Dataset(x, labels, name=path.resolve().name.removesuffix(".zip"))


def _is_image(name: str) -> bool:
    """Whether a file name is that of an image and neither it nor a folder above it is hidden."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return name.lower().endswith(SUFFIXES) and not hidden


def _natural(name: str) -> tuple[list[tuple[str, int]], str]:
    """A sort key under which numbers inside names count as numbers; 2 and 02 go by spelling."""
    parts = re.findall(r"([^0-9]*)([0-9]*)", name)
    return [(text, int(number or 0)) for text, number in parts], name


def _labels(path: Path, names: list[str]) -> np.ndarray | None:
    """The folder of each image below the deepest folder common to all, or None if it is the same.

    Raises:
        InputError: some images are in that common folder itself, others below it.
    """
    parents = [PurePosixPath(name).parts[:-1] for name in names]
    common = 0
    while all(len(p) > common and p[common] == parents[0][common] for p in parents):
        common += 1
    labels = ["/".join(parent[common:]) for parent in parents]
    if not any(labels):
        return None
    if not all(labels):
        outside, inside = labels.index(""), next(i for i, label in enumerate(labels) if label)
        raise InputError(
            f"{path}: {names[outside]} has no label but {names[inside]} is in a sub-folder "
            "(accepted: all images in sub-folders, which are their labels, or none)"
        )
    if all(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", label) for label in labels):
        return np.array(labels).astype(np.int64)
    return np.array(labels)


def _read(path: Path, opener: Opener, name: str, take: Callable[[Image.Image], T]) -> T:
    """What `take` makes of the opened image `name`.

    Raises:
        InputError: the file is damaged or is no PNG or JPEG.
    """
    try:
        with warnings.catch_warnings():
            # A size too large is refused by the caller, with a message that names the limit.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with opener(name) as file, Image.open(file, formats=("PNG", "JPEG")) as image:
                return take(image)
    except Exception as error:  # Pillow and zipfile raise a dozen types on damaged files.
        reason = first_line(error)
        raise InputError(f"{path / name} is not a readable PNG or JPEG image ({reason})") from error


def _pixels(image: Image.Image, channels: int) -> np.ndarray:
    """An image as (h, w, channels) uint8."""
    image.load()
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    image = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(image).reshape(image.height, image.width, channels)
