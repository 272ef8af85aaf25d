from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring.data.images import open_images
from sparring.errors import InputError


def save(path: Path, pixels: object, mode: str | None = None) -> None:
    """Save an array, or an image made elsewhere, under folders that need not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels))
    (image.convert(mode) if mode else image).save(path)


def grey(level: int, height: int = 3, width: int = 4) -> np.ndarray:
    return np.full((height, width), level, np.uint8)


def test_grey_files_in_natural_order(tmp_path: Path) -> None:
    for i in (10, 2, 1):
        save(tmp_path / f"{i}.png", grey(i))
    data = open_images(tmp_path)
    assert data.x.shape == (3, 3, 4, 1)
    assert data.x.dtype == np.uint8
    assert data.x[:, 0, 0, 0].tolist() == [1, 2, 10]
    assert data.y is None
    assert data.name == tmp_path.name


def test_one_colour_image_makes_all_three_channels(tmp_path: Path) -> None:
    save(tmp_path / "a.png", grey(7))
    save(tmp_path / "b.png", np.tile(np.array([1, 2, 3], np.uint8), (3, 4, 1)))
    x = open_images(tmp_path).x
    assert x.shape == (2, 3, 4, 3)
    assert x[0, 0, 0].tolist() == [7, 7, 7]
    assert x[1, 2, 3].tolist() == [1, 2, 3]


def test_jpeg(tmp_path: Path) -> None:
    save(tmp_path / "a.JPG", grey(100, 8, 8))
    save(tmp_path / "b.jpeg", grey(50, 8, 8))
    assert np.abs(open_images(tmp_path).x[:, 4, 4, 0].astype(int) - [100, 50]).max() <= 1


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("1", (4, 3), 1), [255]),
        (Image.new("LA", (4, 3), (100, 255)), [100]),
        (Image.new("LA", (4, 3), (100, 0)), [255]),
        (Image.fromarray(np.full((3, 4), 65535, np.uint16)), [255]),
        (Image.fromarray(np.full((3, 4), 257 * 12 + 20, np.uint16)), [12]),
        (Image.new("P", (4, 3), 0), [0, 0, 0]),
        (Image.new("RGBA", (4, 3), (10, 20, 30, 255)), [10, 20, 30]),
        (Image.new("RGBA", (4, 3), (10, 20, 30, 0)), [255, 255, 255]),
        (Image.new("RGBA", (4, 3), (255, 0, 0, 128)), [255, 127, 127]),
        (Image.new("RGB", (4, 3), (1, 2, 3)), [1, 2, 3]),
    ],
    ids=["1", "LA", "LA-clear", "I;16", "I;16-round", "P", "RGBA", "clear", "half", "RGB"],
)
def test_modes(tmp_path: Path, image: Image.Image, expected: list[int]) -> None:
    save(tmp_path / "a.png", image)
    x = open_images(tmp_path).x
    assert (x == np.array(expected)).all()
    assert x.shape == (1, 3, 4, len(expected))


def test_palette_with_a_transparent_entry(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png", transparency=1)
    assert open_images(tmp_path).x[0, 0].tolist() == [[255, 0, 0], [255, 255, 255]]


def test_sub_folders_are_labels(tmp_path: Path) -> None:
    save(tmp_path / "cat" / "1.png", grey(1))
    save(tmp_path / "dog" / "1.png", grey(2))
    save(tmp_path / "cat" / "2.png", grey(3))
    data = open_images(tmp_path)
    assert data.y is not None
    assert data.y.tolist() == ["cat", "cat", "dog"]
    assert data.x[:, 0, 0, 0].tolist() == [1, 3, 2]


def test_whole_number_labels_are_integers_in_order(tmp_path: Path) -> None:
    for label in (10, 9, 0):
        save(tmp_path / str(label) / "a.png", grey(label))
    data = open_images(tmp_path)
    assert data.y is not None
    assert data.y.dtype == np.int64
    assert data.y.tolist() == [0, 9, 10]
    save(tmp_path / "007" / "a.png", grey(7))
    y = open_images(tmp_path).y
    assert y is not None
    assert sorted(y) == ["0", "007", "10", "9"]


def test_a_folder_around_everything_is_no_label(tmp_path: Path) -> None:
    save(tmp_path / "all" / "1.png", grey(1))
    save(tmp_path / "all" / "2.png", grey(1))
    assert open_images(tmp_path).y is None


def test_zip_with_a_wrapping_folder_and_litter(tmp_path: Path) -> None:
    for name in ("pets/cat/1.png", "pets/dog/2.png"):
        save(tmp_path / name, grey(5))
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("pets/cat/1.png", "pets/dog/2.png"):
            archive.write(tmp_path / name, name)
        archive.writestr("__MACOSX/pets/cat/._1.png", b"litter")
        archive.writestr("pets/.thumbnails/1.png", b"litter")
        archive.writestr("pets/README.txt", b"litter")
    data = open_images(path)
    assert data.name == "pets"
    assert data.x.shape == (2, 3, 4, 1)
    assert data.y is not None
    assert data.y.tolist() == ["cat", "dog"]


def test_mixed_sizes_name_the_first_that_differs(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / f"{i}.png", grey(0, 8, 8))
    save(tmp_path / "3.png", grey(0, 8, 9))
    with pytest.raises(InputError, match=r"3\.png is 9x8 pixels but 0\.png is 8x8"):
        open_images(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no image", "cut"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | str) -> None:
    noise = np.random.default_rng(0).integers(256, size=(64, 64), dtype=np.uint8)
    save(tmp_path / "a.png", noise)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[:2_000] if isinstance(content, str) else content)
    with pytest.raises(InputError, match=r"b\.png is not a readable PNG or JPEG") as error:
        open_images(tmp_path)
    assert "\n" not in str(error.value)


def test_another_format_in_disguise_is_not_read(tmp_path: Path) -> None:
    Image.fromarray(grey(1)).save(tmp_path / "a.png", format="GIF")
    with pytest.raises(InputError, match=r"a\.png is not a readable"):
        open_images(tmp_path)


def test_an_unreadable_file_in_a_zip_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("b/c.png", b"no image")
    with pytest.raises(InputError, match=r"a\.zip/b/c\.png is not a readable"):
        open_images(tmp_path / "a.zip")


def test_damaged_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK no zip")
    with pytest.raises(InputError, match=r"a\.zip: not a readable zip file"):
        open_images(tmp_path / "a.zip")


def test_no_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError, match=r"no images found \(accepted: \.png, \.jpg, \.jpeg\)"):
        open_images(tmp_path)


def test_images_beside_and_inside_folders(tmp_path: Path) -> None:
    save(tmp_path / "a.png", grey(1))
    save(tmp_path / "cat" / "b.png", grey(1))
    with pytest.raises(InputError, match=r"a\.png has no label but cat/b\.png is in a sub-folder"):
        open_images(tmp_path)


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG of that size, which no decoder could go beyond."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"")


def test_huge_images_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_header(30_000, 4_000))
    with pytest.raises(InputError, match=r"1 images of 30000x4000 pixels are too large"):
        open_images(tmp_path)
    save(tmp_path / "0.png", grey(1))
    with pytest.raises(InputError, match=r"a\.png is 30000x4000 pixels but 0\.png is 4x3"):
        open_images(tmp_path)
    (tmp_path / "a.png").write_bytes(png_header(30_000, 10_000))
    with pytest.raises(InputError, match=r"a\.png is not a readable .*decompression bomb"):
        open_images(tmp_path)
