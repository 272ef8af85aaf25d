from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError, RunError
from sparring.fit import fit
from sparring.kinds.catalogue import KINDS
from sparring.model import FORMAT, Model
from sparring.objective.losses import LOSSES
from sparring.plan import plan
from sparring.sample import sample
from tests.conftest import TINY, rows_of, trained
from tests.test_sample import same

EVERY = pytest.mark.parametrize("kind", KINDS)
LABELLED = pytest.mark.parametrize("labelled", [False, True], ids=["plain", "labelled"])
FILES = {"config.json", "schema.json", "model.safetensors"}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A directory with a model of labelled points."""
    trained("points", True).save(tmp_path / "model")
    return tmp_path / "model"


@EVERY
@LABELLED
def test_a_loaded_model_is_the_same_to_the_bit(kind: str, labelled: bool, tmp_path: Path) -> None:
    model = trained(kind, labelled)
    model.save(tmp_path)
    loaded = Model.load(tmp_path)
    assert loaded.config == model.config
    assert loaded.kind == model.kind
    assert loaded.source == model.source
    assert loaded.steps == model.steps == TINY["steps"]
    rows = sample(model, 30, seed=1)
    same(sample(loaded, 30, seed=1), rows)
    assert torch.equal(loaded.discriminate(rows), model.discriminate(rows))


def test_a_model_is_json_and_safetensors_without_training_rows(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(64, 2))
    model = fit(plan(Dataset(rows), Config(**TINY)))
    model.save(tmp_path / "a" / "b")
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == FILES
    content = b"".join(path.read_bytes() for path in (tmp_path / "a" / "b").iterdir())
    assert b"pickle" not in content
    for number in rows.ravel():
        assert number.tobytes() not in content
        assert np.float32(number).tobytes() not in content
        assert repr(float(number)).encode() not in content


def test_the_same_model_is_the_same_file(saved: Path) -> None:
    data = (saved / "model.safetensors").read_bytes()
    for _ in range(10):
        trained("points", True).save(saved)
        assert (saved / "model.safetensors").read_bytes() == data


def test_no_such_directory(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nothing: no such run directory"):
        Model.load(tmp_path / "nothing")


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file(name: str, saved: Path) -> None:
    (saved / name).unlink()
    with pytest.raises(RunError, match=f"{name} is not there") as error:
        Model.load(saved)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("keep", [0, 1, 9, 0.5, -1])
def test_a_truncated_file(name: str, keep: float, saved: Path) -> None:
    data = (saved / name).read_bytes().rstrip()
    end = int(len(data) * keep) if isinstance(keep, float) else keep
    (saved / name).write_bytes(data[:end])
    with pytest.raises(RunError, match=name) as error:
        Model.load(saved)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("data", [b"\x80\x04\x95garbage" * 99, b"[1, 2]", b'{"a": 1}'])
def test_a_file_of_something_else(name: str, data: bytes, saved: Path) -> None:
    (saved / name).write_bytes(data)
    with pytest.raises(RunError) as error:
        Model.load(saved)
    assert "\n" not in str(error.value)


def test_a_directory_in_place_of_a_file(saved: Path) -> None:
    (saved / "schema.json").unlink()
    (saved / "schema.json").mkdir()
    with pytest.raises(RunError, match=r"schema\.json: cannot be read"):
        Model.load(saved)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (FORMAT + 1, rf"written in format {FORMAT + 1}, by sparring 9\.0.*upgrade"),
        (FORMAT - 1, rf"written in format {FORMAT - 1}, by sparring 9\.0.*train it again"),
        ("2", "schema.json is damaged"),
        (None, "schema.json is damaged"),
    ],
)
def test_another_format(written: Any, message: str, saved: Path) -> None:
    schema = json.loads((saved / "schema.json").read_text())
    (saved / "schema.json").write_text(json.dumps(schema | {"format": written, "sparring": "9.0"}))
    with pytest.raises(RunError, match=message):
        Model.load(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "sound"},
        {"kind": ["points"]},
        {"encoding": None},
        {"encoding": {}},
        {"encoding": {"mean": 3, "scale": [1], "dtype": "float32", "labels": None}},
        {"encoding": {"mean": [0, 0], "scale": [1, 1], "dtype": "float32", "labels": "a"}},
    ],
    ids=str,
)
def test_a_damaged_schema(changes: dict[str, Any], saved: Path) -> None:
    schema = json.loads((saved / "schema.json").read_text())
    (saved / "schema.json").write_text(json.dumps(schema | changes))
    with pytest.raises(RunError, match=r"config\.json or schema\.json is damaged") as error:
        Model.load(saved)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes", [{"wdith": 3}, {"width": "wide"}, {"width": -1}, {"network": "u-net"}], ids=str
)
def test_a_damaged_config(changes: dict[str, Any], saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps(config | changes))
    with pytest.raises(RunError, match=r"config\.json or schema\.json is damaged"):
        Model.load(saved)


def test_every_damaged_table_is_told(tmp_path: Path) -> None:
    """Whatever value of a schema is replaced by whatever else, there is one error or a model."""
    trained("table", True).save(tmp_path)
    schema = json.loads((tmp_path / "schema.json").read_text())
    encoding = schema["encoding"]
    columns = encoding["columns"]
    kinds = {column["encoding"]: i for i, column in enumerate(columns)}
    assert len(kinds) > 3
    for i in kinds.values():
        for key in columns[i]:
            for value in (None, "x", 3, [], {}):
                damaged = [*columns[:i], columns[i] | {key: value}, *columns[i + 1 :]]
                changed = encoding | {"columns": damaged}
                (tmp_path / "schema.json").write_text(json.dumps(schema | {"encoding": changed}))
                assert "\n" not in told(tmp_path)


def told(path: Path) -> str:
    """What loading complains of, if it does."""
    try:
        Model.load(path)
    except RunError as error:
        return str(error)
    return ""


def test_weights_of_another_model(saved: Path, tmp_path: Path) -> None:
    other = fit(plan(rows_of("points", labelled=True), Config(**TINY | {"width": 9})))
    other.save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.safetensors", saved / "model.safetensors")
    with pytest.raises(RunError, match="corrupt or of another model"):
        Model.load(saved)


def test_weights_without_their_header_or_with_one_missing(saved: Path) -> None:
    tensors = load_file(saved / "model.safetensors")
    save_file(tensors, saved / "model.safetensors")
    with pytest.raises(RunError, match="corrupt or of another model"):
        Model.load(saved)
    tensors.popitem()
    save_file(tensors, saved / "model.safetensors", metadata={"sparring": '{"steps": 3}'})
    with pytest.raises(RunError, match="corrupt or of another model"):
        Model.load(saved)


@pytest.mark.parametrize(
    "about",
    [{"drawn": [0]}, {"drawn": "no"}, {"cells": -1}, {"calibrated": "many"}, {"matched": "no"}],
    ids=str,
)
def test_what_is_said_to_be_put_on_G_but_cannot_be(about: dict[str, Any], saved: Path) -> None:
    header = {"sparring": json.dumps({"steps": 3} | about)}
    save_file(load_file(saved / "model.safetensors"), saved / "model.safetensors", metadata=header)
    with pytest.raises(RunError, match="corrupt or of another model") as error:
        Model.load(saved)
    assert "\n" not in str(error.value)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be made"):
        trained("points").save(tmp_path / "file" / "model")


def test_no_such_device(saved: Path) -> None:
    with pytest.raises(ConfigError, match="device 'tpu' is not here"):
        Model.load(saved, device="tpu")


@pytest.mark.parametrize("loss", LOSSES)
def test_probabilities_are_probabilities_whatever_the_loss(loss: str) -> None:
    settings = TINY | {"loss": loss, "penalty": "none"}
    model = fit(plan(rows_of("points"), Config(**settings)))
    p = model.discriminate(rows_of("points"))
    assert p.shape == (60,)
    assert ((p >= 0) & (p <= 1)).all()


def test_rows_are_judged_alike_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, model = rows_of("image", labelled=True), trained("image", True)
    whole = model.discriminate(rows)
    monkeypatch.setattr("sparring.model.JUDGED_ROWS", 7)
    torch.testing.assert_close(model.discriminate(rows), whole)


def test_rows_that_do_not_fit_are_told() -> None:
    with pytest.raises(InputError, match="data has no labels; this model is conditional"):
        trained("points", True).discriminate(rows_of("points"))
    with pytest.raises(InputError, match="data holds no points"):
        trained("points", True).discriminate(rows_of("table"))


def test_a_model_of_a_table_holds_no_rare_value(tmp_path: Path) -> None:
    """Read byte by byte: no category, number, moment or name that one row alone has."""
    random = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame(
        {
            "city": ["Oslo", "Rome", "Lima"] * 99 + ["Atlantis", "Erewhon", "Thule"],
            "street": [f"street {i % 90}" for i in range(n - 1)] + ["Baker Street"],
            "grade": pd.Categorical([*"ABC"] * 99 + ["Phi", "Chi", "Psi"], ordered=True),
            "dtype": pd.Categorical(["x"] * 298 + ["Sigma", "Omega"]),
            "income": random.lognormal(10, 1, n),
            "age": [*random.integers(20, 60, n - 2), 4_321, -9_876],
            "since": pd.Timestamp("1931-04-05") + pd.to_timedelta(random.permutation(n) * 31, "D"),
            "account": [*random.permutation(n - 1), 987_654],
            "class": ["yes", "no"] * 149 + ["Xanadu", "Ys"],
        }
    ).sample(frac=1, random_state=0)
    settings = TINY | {"target": "class", "types": {"account": "identifier"}, "holdout": 0.0}
    names = ["Atlantis", "Erewhon", "Thule", "Baker", "Phi", "Chi", "Psi", "Sigma", "Omega",
             "Xanadu", "4321", "-9876", "98765"]  # fmt: skip
    rare = [name.encode() for name in names]
    rare += [repr(float(income)).encode() for income in frame["income"]]
    first = frame["since"].min()
    rare += [str(int(pd.DatetimeIndex([first]).asi8[0])).encode()]
    contents = {}
    for least in (1, 2):
        model = fit(plan(Dataset(frame), Config(**settings, min_count=least)))
        model.save(tmp_path / str(least))
        files = (tmp_path / str(least)).iterdir()
        contents[least] = b"".join(path.read_bytes() for path in sorted(files))
        assert len(sample(model, 50, seed=0)) == 50
    # What is looked for would be found if it were there.
    assert [value for value in rare if value not in contents[1]] == []
    assert [value for value in rare if value in contents[2]] == []
