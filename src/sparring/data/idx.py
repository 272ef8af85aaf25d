"""IDX files, the format of MNIST and its family: read from a folder, found or fetched by name."""

from __future__ import annotations

import hashlib
import math
import os
import urllib.request
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from itertools import product
from pathlib import Path

import numpy as np

from sparring.data.dataset import Dataset
from sparring.data.reason import first_line
from sparring.errors import InputError, RunError
from sparring.files import user_cache, write_whole

DOWNLOAD_TIMEOUT_SECONDS = 30
PREFIXES = {"train": "train", "test": "t10k"}


@dataclass(frozen=True)
class Published:
    """Where a data set's four files can be had.

    Attributes:
        mirrors: base addresses, tried in order.
        md5: file name -> MD5 of the compressed file.
    """

    mirrors: tuple[str, ...]
    md5: dict[str, str]


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read one IDX file of unsigned bytes, raw or gzipped, whatever its name says.

    Args:
        path: the file.
        dimensions: 3 for images (n, h, w), 1 for labels (n,).

    Raises:
        InputError: damaged gzip data, another magic number, or more or fewer bytes than promised.
    """
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            # A decompressor object, unlike gzip.decompress, still yields what a cut file holds.
            content = zlib.decompressobj(wbits=31).decompress(content)
        except zlib.error as error:
            raise InputError(f"{path}: damaged gzip file ({error})") from error
    header_bytes = 4 + 4 * dimensions
    magic = bytes([0, 0, 0x08, dimensions])
    if content[:4] != magic:
        raise InputError(
            f"{path}: magic number 0x{content[:4].hex()} is not that of an IDX file of unsigned "
            f"bytes in {dimensions} dimension(s) (accepted: 0x{magic.hex()})"
        )
    if len(content) < header_bytes:
        raise InputError(
            f"{path}: truncated IDX file: expected a header of {header_bytes} bytes, "
            f"found {len(content)}"
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, offset=4))
    expected = header_bytes + math.prod(shape)
    if len(content) != expected:
        fault = "truncated IDX file" if len(content) < expected else "bytes after the IDX data"
        raise InputError(f"{path}: {fault}: expected {expected} bytes, found {len(content)}")
    # Copied because an array over immutable bytes is read-only, which torch warns of.
    return np.frombuffer(content, np.uint8, offset=header_bytes).reshape(shape).copy()


def find_idx(folder: Path, split: str) -> tuple[Path | None, Path | None]:
    """The image and the label file of `split` in `folder`, None for one that is not there."""
    stems = (f"{PREFIXES[split]}-images{{}}idx3-ubyte", f"{PREFIXES[split]}-labels{{}}idx1-ubyte")
    found = []
    for stem in stems:
        paths = [folder / (stem.format(dot) + gz) for dot, gz in product("-.", ("", ".gz"))]
        found.append(next((path for path in paths if path.is_file()), None))
    return found[0], found[1]


def is_idx_folder(folder: Path) -> bool:
    """Whether any of the four files is there."""
    return any(path for split in PREFIXES for path in find_idx(folder, split))


def open_idx(folder: Path, split: str = "train", name: str | None = None) -> Dataset:
    """Open the images and labels of one split of an IDX folder.

    Returns:
        x (n, h, w, 1) uint8 and y (n,) int64; called `name`, by default as the folder, and "-test"
        if it is the test split.

    Raises:
        InputError: a file of the split is missing or damaged, or the two disagree on n.
    """
    images_path, labels_path = find_idx(folder, split)
    if images_path is None or labels_path is None:
        form = "images-idx3" if images_path is None else "labels-idx1"
        raise InputError(
            f"{folder}: no {PREFIXES[split]}-{form}-ubyte[.gz] "
            f"(the {split} split needs its images and its labels)"
        )
    images, labels = read_idx(images_path, dimensions=3), read_idx(labels_path, dimensions=1)
    if len(images) != len(labels):
        raise InputError(
            f"{images_path} holds {len(images)} images but {labels_path.name} {len(labels)} labels "
            "(accepted: as many of each)"
        )
    name = (name or folder.resolve().name) + ("" if split == "train" else f"-{split}")
    return Dataset(images[..., None], labels.astype(np.int64), name)


def open_published(name: str, split: str = "train") -> Dataset:
    """Open `mnist` or `fashion-mnist`, downloading it once if it is nowhere on this machine.

    Looked for in `$SPARRING_DATA/NAME`, in `$SPARRING_DATA` itself (unless that folder bears the
    name of another set of PUBLISHED), then in NAME in the cache (files.user_cache).

    Raises:
        InputError: damaged files, or nothing found and nothing to be had from the mirrors; the
            message says which files to put where.
    """
    cached = user_cache() / name
    folders = [cached]
    if os.environ.get("SPARRING_DATA"):
        data = Path(os.environ["SPARRING_DATA"]).expanduser()
        folders = [data / name, cached]
        if data.name == name or data.name not in PUBLISHED:
            folders.insert(1, data)
    for folder in folders:
        if all(find_idx(folder, split)):
            break
    else:
        folder = cached
        for file in PUBLISHED[name].md5:
            if not (cached / file).exists():
                _download(name, file, cached, advised=folders[0])
    return open_idx(folder, split, name)


def _download(name: str, file: str, folder: Path, advised: Path) -> None:
    """Fetch one file from the first mirror that has it whole, and put it in place in one move.

    Raises:
        InputError: no mirror has it or `folder` cannot be written; names all files to put in the
            folder `advised`.
    """
    published = PUBLISHED[name]
    reason = "no mirror"
    for mirror in published.mirrors:
        try:
            with urllib.request.urlopen(mirror + file, timeout=DOWNLOAD_TIMEOUT_SECONDS) as reply:
                content = reply.read()
        except (OSError, HTTPException) as error:
            reason = f"{mirror}{file}: {error}"
            continue
        # Against damage and impostors' error pages; MD5 is all that the publishers give.
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != published.md5[file]:
            reason = f"{mirror}{file}: wrong checksum"
            continue
        try:
            _place(content, folder / file)
        except (OSError, RunError) as error:
            reason = first_line(error)
            break
        return
    raise InputError(
        f"{name} is not on this machine and cannot be downloaded ({reason}): "
        f"put {', '.join(published.md5)} in {advised}"
    )


def _place(content: bytes, path: Path) -> None:
    """Write a file so that nobody ever sees a part of it, and its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))


PUBLISHED: dict[str, Published] = {
    "mnist": Published(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        md5={
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
    "fashion-mnist": Published(
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        md5={
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
}
