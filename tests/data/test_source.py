from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from sparring.data.dataset import Dataset
from sparring.data.source import BUILT_IN, READERS, TOY_POINTS, fingerprint, open_source
from sparring.data.toys import TOYS
from sparring.errors import InputError

FRAME = pd.DataFrame({"age": [30, 41, 52], "work": ["x", "y", "x"], "rich": [True, False, True]})
POINTS = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
IMAGES = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8, 1)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run in an empty folder and see no data but their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARRING_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", TOYS)
def test_toys_by_name(name: str) -> None:
    data = open_source(name)
    assert data.x.shape == (TOY_POINTS, 2)
    assert data.y is None
    assert data.name == name
    assert data.modes is TOYS[name].modes
    assert fingerprint(data) == fingerprint(open_source(name))


def test_digits_by_name() -> None:
    data = open_source("digits")
    assert data.x.shape == (1797, 8, 8, 1)
    assert data.x.dtype == np.uint8
    assert sorted(np.unique(data.x))[:3] == [0, 16, 32]
    assert data.x.max() == 255
    assert data.y is not None
    assert sorted(set(data.y.tolist())) == list(range(10))


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_published_sets_by_name(name: str, idx_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(idx_folder, tmp_path / "data" / name)
    assert len(open_source(name)) == 5
    assert len(open_source(f"{name}:test")) == 3


def test_every_toy_has_a_name() -> None:
    assert set(TOYS) < set(BUILT_IN)


def test_idx_folder_and_its_test_split(idx_folder: Path) -> None:
    assert open_source(idx_folder).name == "shapes"
    assert open_source(str(idx_folder)).x.shape == (5, 4, 3, 1)
    assert open_source(f"{idx_folder}:test").x.shape == (3, 4, 3, 1)


def test_arrays_and_tensors_in_memory() -> None:
    assert open_source(POINTS).x.tolist() == POINTS.tolist()
    assert open_source(torch.from_numpy(POINTS)).x.tolist() == POINTS.tolist()
    assert open_source(POINTS.tolist()).x.tolist() == POINTS.tolist()
    pair = open_source((IMAGES, [1, 2, 3]))
    assert pair.x.shape == IMAGES.shape
    assert pair.y is not None
    assert pair.y.tolist() == [1, 2, 3]
    assert open_source((POINTS, None)).y is None


def test_a_dataset_is_checked_and_keeps_its_name_and_modes() -> None:
    ring = open_source("ring")
    again = open_source(ring)
    assert again.name == "ring"
    assert again.modes is ring.modes
    with pytest.raises(InputError, match="mine: nan at row 0"):
        open_source(Dataset(POINTS * np.nan, name="mine"))
    assert open_source(Dataset(FRAME, name="mine")).name == "mine"


def write_all(folder: Path) -> dict[str, Path]:
    """FRAME, POINTS or IMAGES in every format there is a reader for."""
    paths = {suffix: folder / f"my.data{suffix}" for suffix in READERS}
    for suffix in (".csv", ".csv.gz"):
        FRAME.to_csv(paths[suffix], index=False)
    for suffix in (".tsv", ".tsv.gz"):
        FRAME.to_csv(paths[suffix], index=False, sep="\t")
    FRAME.to_parquet(paths[".parquet"])
    np.save(paths[".npy"], POINTS)
    np.savez(paths[".npz"], x=IMAGES, y=[4, 5, 6])
    for i, image in enumerate(IMAGES):
        (folder / "pngs" / str(i)).mkdir(parents=True)
        Image.fromarray(image[..., 0]).save(folder / "pngs" / str(i) / "a.png")
    shutil.make_archive(str(folder / "my.data"), "zip", folder / "pngs")
    return paths


@pytest.mark.parametrize("suffix", READERS)
def test_files(tmp_path: Path, suffix: str) -> None:
    path = write_all(tmp_path)[suffix]
    for source in (path, str(path), path.name):
        data = open_source(source)
        assert data.name == "my.data"
        assert len(data) == 3
        if isinstance(data.x, pd.DataFrame):
            pd.testing.assert_frame_equal(data.x, FRAME)
    upper = path.rename(path.with_name(path.name.upper()))
    assert len(open_source(upper)) == 3


def test_folder_of_images(tmp_path: Path) -> None:
    write_all(tmp_path)
    data = open_source(tmp_path / "pngs")
    assert np.array_equal(data.x, IMAGES)
    assert data.y is not None
    assert data.y.tolist() == [0, 1, 2]


def test_a_bare_name_is_the_built_in_and_a_path_is_the_file(tmp_path: Path) -> None:
    write_all(tmp_path)
    (tmp_path / "pngs").rename(tmp_path / "ring")
    assert open_source("ring").modes is not None
    assert open_source("./ring").x.shape == IMAGES.shape
    assert open_source(Path("ring")).x.shape == IMAGES.shape


def test_target_and_columns_of_a_table() -> None:
    data = open_source(FRAME, target="work", columns=["work", "age"])
    assert list(data.x) == ["age", "work"]
    assert data.y is None
    with pytest.raises(InputError, match=r"unknown target column 'rich' \(valid: age, work\)"):
        open_source(FRAME, target="rich", columns=["work", "age"])
    with pytest.raises(InputError, match="column 3 is called by a number"):
        open_source(FRAME.rename(columns={"age": 3}), target="3")
    with pytest.raises(InputError, match=r"unknown column 'ages'; did you mean 'age'\?"):
        open_source(FRAME, columns=["ages"])


def test_a_column_that_was_not_picked_may_be_bad() -> None:
    frame = FRAME.assign(bad=np.inf)
    assert len(open_source(frame, columns=["age", "work"])) == 3
    with pytest.raises(InputError, match=r"column 'bad', row 0 \(from 0\): inf"):
        open_source(frame)


@pytest.mark.parametrize("source", [POINTS, (IMAGES, [0, 1, 2]), "ring"])
def test_target_and_columns_are_for_tables(source: Any) -> None:
    with pytest.raises(InputError, match=r"target 'y': .* is no table"):
        open_source(source, target="y")
    with pytest.raises(InputError, match=r"columns \['y'\]: .* is no table"):
        open_source(source, columns=["y"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("rings", "unknown source 'rings'; did you mean 'ring'.*valid: moons, .*no file or folder"),
        ("mnits:test", "unknown source 'mnits:test'; did you mean 'mnist:test'"),
        ("", "unknown source ''"),
        ("missing.csv", "no such file or folder: missing.csv"),
        ("no/such:test", "no such file or folder: no/such:test"),
        (Path("missing"), "unknown source 'missing'"),
        (Path("moons"), "no such file or folder: moons"),
        ("ring:test", r"ring has no test split \(accepted: an IDX folder, mnist:test, fashion-mn"),
        (".:test", r"\. has no test split"),
        (".", "no images found"),
        ("x" * 5_000, "cannot read xxx"),
        ((1, 2, 3), "a tuple of 3"),
        ((FRAME, [1, 2, 3]), "labels beside a table"),
        (3, "data: int"),
        (b"ring", "data: bytes"),
    ],
)
def test_what_is_no_source(source: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        open_source(source)
    assert "\n" not in str(error.value)


def test_a_file_of_unknown_suffix(tmp_path: Path) -> None:
    (tmp_path / "data.xlsx").write_bytes(b"PK")
    with pytest.raises(
        InputError, match=r"data\.xlsx: cannot tell .*accepted: \.csv, .*IDX folder"
    ):
        open_source("data.xlsx")


def test_an_operating_system_error_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    np.save(tmp_path / "a.npy", POINTS)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"^cannot read a\.npy: Permission denied$"):
        open_source("a.npy")


@pytest.mark.parametrize("error", [OSError("\nfirst\nsecond"), OSError(5, "first\nsecond")])
def test_an_error_of_several_lines_is_one_line(
    tmp_path: Path, error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> Any:
        raise error

    np.save(tmp_path / "a.npy", POINTS)
    with pytest.raises(InputError, match=r"^cannot read a,b 1,2 .*: File name too long$"):
        open_source("a,b\n" + "1,2\n" * 999)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"^cannot read a\.npy: first$"):
        open_source("a.npy")


def test_messages_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,inf\n2,\n")
    with pytest.raises(InputError, match=r"^a\.csv, column 'b', row 0 \(from 0\): inf"):
        open_source("a.csv")


def test_fingerprint_sees_every_change() -> None:
    base = {
        "points": Dataset(POINTS),
        "float32": Dataset(POINTS.astype(np.float32)),
        "reshaped": Dataset(POINTS.reshape(2, 3)),
        "reordered": Dataset(POINTS[::-1]),
        "labelled": Dataset(POINTS, np.array([0, 1, 2])),
        "other labels": Dataset(POINTS, np.array([0, 1, 1])),
        "text labels": Dataset(POINTS, np.array(["0", "1", "2"])),
        "table": Dataset(FRAME),
        "renamed": Dataset(FRAME.rename(columns={"age": "years"})),
        "cell": Dataset(FRAME.replace("y", "z")),
        "rows": Dataset(FRAME.iloc[::-1]),
        "dtype": Dataset(FRAME.astype({"age": "int32"})),
        "columns": Dataset(FRAME[["work", "age", "rich"]]),
    }
    prints = {name: fingerprint(data) for name, data in base.items()}
    assert len(set(prints.values())) == len(base)
    assert all(len(text) == 64 for text in prints.values())


def test_fingerprint_ignores_names_memory_layout_index_and_text_width() -> None:
    assert fingerprint(Dataset(np.asfortranarray(POINTS), name="a")) == fingerprint(Dataset(POINTS))
    assert fingerprint(Dataset(FRAME.set_axis([7, 8, 9]))) == fingerprint(Dataset(FRAME))
    narrow, wide = np.array(["a", "b", "c"]), np.array(["a", "b", "c"], dtype="<U9")
    as_object = narrow.astype(object)
    prints = {fingerprint(Dataset(POINTS, y)) for y in (narrow, wide, as_object)}
    assert len(prints) == 1


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_fingerprint_is_the_same_for_each_dtype_of_text(missing: Any) -> None:
    words = pd.Series(["x", missing, "y", "x"], dtype=object)
    dtypes = (object, "str", "string", pd.StringDtype("python"), pd.StringDtype(na_value=np.nan))
    frames = [pd.DataFrame({"a": words.astype(dtype), "n": range(4)}) for dtype in dtypes]
    frames.append(
        pd.DataFrame({"a": pd.Series(["x", None, "y", "x"], dtype=object), "n": range(4)})
    )
    assert len({fingerprint(Dataset(frame)) for frame in frames}) == 1
    other = frames[0].assign(a=pd.Series(["x", "", "y", "x"], dtype=object))
    assert fingerprint(Dataset(other)) != fingerprint(Dataset(frames[0]))
    category = frames[0].astype({"a": "category"})
    assert fingerprint(Dataset(category)) != fingerprint(Dataset(frames[0]))


def test_fingerprint_is_the_same_in_another_process() -> None:
    code = (
        "import pandas as pd\n"
        "from sparring.data.dataset import Dataset\n"
        "from sparring.data.source import fingerprint\n"
        f"print(fingerprint(Dataset(pd.DataFrame({FRAME.to_dict('list')}))))"
    )
    run = [sys.executable, "-c", code]
    other = subprocess.run(
        run, capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert other.stdout.strip() == fingerprint(Dataset(FRAME))


def test_opening_points_imports_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys\n"
        "from sparring.data.source import open_source\n"
        "open_source([[1, 2], [3, 4]]); open_source('ring')\n"
        "sys.exit(bool({'torch', 'sklearn'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
