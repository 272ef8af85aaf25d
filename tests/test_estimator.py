from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import sparring
from sparring import GAN, load
from sparring.config import Config
from sparring.diagnose.diagnosis import VERDICTS
from sparring.diagnose.doctor import diagnose
from sparring.errors import ConfigError, InputError, RunError
from sparring.estimator import with_target
from sparring.train.run import read_lines
from tests.conftest import TINY, mixed_table

X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.resize(["a", "b", "c"], 60)
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
TABLE = mixed_table().drop(columns=4)  # scikit-learn takes no numbers among names


def gan(**settings: Any) -> GAN:
    return GAN(**TINY | settings)


def test_scikit_learns_contract() -> None:
    tiny = GAN(steps=2, width=8, depth=1, batch_size=8)
    checks = check_estimator(tiny, on_skip=None, on_fail="raise")
    left_out = {check["check_name"] for check in checks if check["status"] != "passed"}
    assert len(checks) > 30
    assert left_out <= {"check_array_api_input"}  # which asks for an environment variable


def test_it_is_diagnosed_as_its_run_is(tmp_path: Path) -> None:
    made = gan(steps=60, log_every_steps=5).fit(X, run=tmp_path / "run")
    found = made.diagnose()
    assert found.verdict in set(VERDICTS) - {"too early to tell"}
    assert found.evidence
    made.save(tmp_path / "saved")
    assert load(tmp_path / "saved").diagnose() == found
    assert load(tmp_path / "run").diagnose() == diagnose(tmp_path / "run") == found
    assert gan().fit(X).diagnose().verdict == "too early to tell"


def test_its_parameters_are_the_settings() -> None:
    parameters = inspect.signature(GAN.__init__).parameters
    fields = {field.name: field.default for field in dataclasses.fields(Config)}
    assert {k: p.default for k, p in parameters.items() if k != "self"} == fields
    assert list(parameters)[1:] == list(fields)
    assert GAN().get_params() == Config().as_dict()


def test_parameters_are_cloned_and_set() -> None:
    made = gan(columns=["a"]).set_params(width=9)
    assert clone(made).get_params() == made.get_params() == TINY | made.get_params()
    assert made.width == 9
    with pytest.raises(ValueError, match="Invalid parameter 'wdith'"):
        made.set_params(wdith=9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width must be at least 1"),
        ({"loss": "hing"}, r"unknown loss 'hing'; did you mean 'hinge'\?"),
        ({"epochs": 1.0}, "steps and epochs exclude each other"),
    ],
)
def test_bad_settings_are_told_at_fit(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        gan(**settings).fit(X)


def test_in_a_pipeline() -> None:
    made = Pipeline([("scale", StandardScaler()), ("gan", gan())]).fit(X * 1e3)
    assert abs(made["gan"].sample(500)).max() < 50
    frame = Pipeline([("scale", StandardScaler().set_output(transform="pandas")), ("gan", gan())])
    assert list(frame.fit(TABLE[["int8", "last"]])["gan"].sample(5)) == ["int8", "last"]


def test_it_must_be_fitted_first(tmp_path: Path) -> None:
    for call in (gan().sample, gan().evaluate, gan().diagnose, lambda: gan().save(tmp_path)):
        with pytest.raises(NotFittedError):
            call()
    with pytest.raises(NotFittedError):
        gan().discriminate(X)


class TestTypes:
    """What comes in comes out."""

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_arrays(self, dtype: type) -> None:
        made = gan().fit(X.astype(dtype))
        x = made.sample(7)
        assert isinstance(x, np.ndarray)
        assert (x.shape, x.dtype) == ((7, 2), dtype)
        assert (made.kind_, made.n_iter_, made.n_features_in_) == ("points", 3, 2)
        assert made.classes_ is None

    def test_lists(self) -> None:
        assert gan().fit(X.tolist()).sample(2).shape == (2, 2)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_tensors(self, dtype: torch.dtype) -> None:
        made = gan().fit(torch.tensor(X, dtype=dtype), torch.arange(60) % 2)
        x = made.sample(7, y=1)
        assert isinstance(x, torch.Tensor)
        assert (x.shape, x.dtype) == ((7, 2), dtype)
        assert made.n_features_in_ == 2
        assert made.discriminate(x, y=torch.ones(7)).shape == (7,)

    @pytest.mark.parametrize("shape", [(60, 3, 8, 8), (60, 8, 8, 3), (60, 1, 8, 8)])
    def test_image_tensors_keep_their_order_of_axes(self, shape: tuple[int, ...]) -> None:
        images = torch.randint(0, 256, shape, dtype=torch.uint8)
        made = gan().fit(images)
        x = made.sample(5)
        assert isinstance(x, torch.Tensor)
        assert (x.shape[1:], x.dtype) == (images.shape[1:], torch.uint8)
        assert made.discriminate(x).shape == (5,)

    def test_grey_image_tensors_get_a_channel(self) -> None:
        assert gan().fit(torch.tensor(IMAGES[..., 0])).sample(2).shape == (2, 8, 8, 1)

    def test_images(self) -> None:
        made = gan().fit(IMAGES, Y)
        x = made.sample(5, y="c")
        assert (x.shape, x.dtype) == ((5, 8, 8, 1), np.uint8)
        assert made.kind_ == "image"
        assert made.classes_.tolist() == ["a", "b", "c"]
        assert gan().fit(IMAGES[..., 0]).sample(2).shape == (2, 8, 8, 1)

    def test_frames(self) -> None:
        made = gan().fit(TABLE)
        frame = made.sample(30)
        assert isinstance(frame, pd.DataFrame)
        assert frame.dtypes.to_dict() == TABLE.dtypes.to_dict()
        assert made.kind_ == "table"

    def test_columns_without_any_value(self, tmp_path: Path) -> None:
        n = 80
        empty = {
            "object": [None] * n, "float": np.nan, "Int64": pd.array([pd.NA] * n, "Int64"),
            "string": pd.array([pd.NA] * n, "string"), "date": pd.Series([pd.NaT] * n),
            "category": pd.Categorical([None] * n, categories=["u"]),
        }  # fmt: skip
        frame = pd.DataFrame({"a": np.arange(n) % 7, "b": np.arange(n) % 2 == 0, **empty})
        frame.to_csv(tmp_path / "a.csv", index=False)
        for source in (frame, tmp_path / "a.csv"):
            made = gan(given_share=0.5).fit(source)
            samples = made.sample(5)
            assert samples[list(empty)].isna().all(axis=None)
            assert not samples[["a", "b"]].isna().any(axis=None)
            pd.testing.assert_frame_equal(made.impute(samples), samples)
            assert not {"shape", "trend"} - set(made.evaluate().index)
            if source is frame:
                assert (samples.dtypes == frame.dtypes).all()
            with pytest.raises(InputError, match="'float' is constant and not learnt"):
                made.sample(1, where={"float": 1.0})

    def test_names_and_paths(self, tmp_path: Path) -> None:
        assert gan().fit("digits").sample(3, y=3).shape == (3, 8, 8, 1)
        TABLE[["int8", "object"]].to_csv(tmp_path / "a.csv", index=False)
        made = gan(target="int8").fit(tmp_path / "a.csv")
        assert made.feature_names_in_.tolist() == ["object"]
        assert set(made.sample(5)) == {"int8", "object"}


class TestTables:
    def test_a_target_is_a_condition_and_no_feature(self) -> None:
        frame = TABLE[["int8", "category", "bool"]]
        made = gan(target="category").fit(frame)
        assert made.feature_names_in_.tolist() == ["int8", "bool"]
        assert made.n_features_in_ == 2
        x = made.sample(20, where={"category": "red"})
        assert x["category"].unique().tolist() == ["red"]
        assert list(x) == list(frame)
        assert x["category"].dtype == frame["category"].dtype

    @pytest.mark.parametrize(
        ("y", "name"),
        [
            (Y, "label"),
            (Y.tolist(), "label"),
            (pd.Series(Y), "label"),
            (pd.Series(Y, index=np.arange(60) + 5, name="class"), "class"),
            (pd.Series(pd.Categorical(Y), name=0), "0"),
        ],
    )
    def test_labels_beside_a_frame_become_its_last_column(self, y: Any, name: str) -> None:
        made = gan().fit(TABLE[["int8"]], y)
        x = made.sample(60, y=Y)
        assert list(x) == ["int8", name]
        assert x[name].tolist() == Y.tolist()
        assert x[name].dtype == pd.Series(y).dtype
        assert made.feature_names_in_.tolist() == ["int8"]

    def test_columns_are_picked_before_labels_are_added(self) -> None:
        made = gan(columns=["last", "int8"]).fit(TABLE, Y)
        assert list(made.sample(2)) == ["int8", "last", "label"]

    def test_labels_of_a_name_that_is_taken(self) -> None:
        with pytest.raises(InputError, match="the table has a column 'int8' already"):
            with_target(TABLE, TABLE["int8"])

    def test_labels_and_a_target(self) -> None:
        with pytest.raises(InputError, match="y and target 'bool': give one of them"):
            gan(target="bool").fit(TABLE[["bool", "last"]], Y)

    def test_labels_of_another_number(self) -> None:
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            gan().fit(TABLE, Y[:-1])


class TestSampling:
    def test_calls_differ_and_their_sequence_repeats(self) -> None:
        first, second = gan().fit(X), gan().fit(X)
        drawn = [first.sample(5) for _ in range(3)]
        assert not np.array_equal(drawn[0], drawn[1])
        assert not np.array_equal(drawn[1], drawn[2])
        for x in drawn:
            np.testing.assert_array_equal(second.sample(5), x)
        np.testing.assert_array_equal(second.fit(X).sample(5), drawn[0])

    def test_a_seed_draws_the_same(self) -> None:
        made = gan().fit(X)
        np.testing.assert_array_equal(made.sample(9, seed=4), made.sample(9, seed=4))
        np.testing.assert_array_equal(made.sample(9, seed=4)[:3], made.sample(3, seed=4))

    def test_a_condition_for_each_row(self) -> None:
        made = gan().fit(TABLE[["last"]], Y)
        assert made.sample(4, y=["b", "a", "a", "c"])["label"].tolist() == ["b", "a", "a", "c"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"y": "d"}, r"unknown label 'd' \(valid: a, b, c\)"),
            ({"where": {"label": "d"}}, r"unknown label 'd' \(valid: a, b, c\)"),
            ({"where": {"colour": "a"}}, r"unknown condition 'colour' \(valid: label\)"),
            ({"where": {"label": "a"}, "y": "a"}, "y and where say the same thing"),
            ({"n": 0}, "cannot draw 0 samples"),
            ({"seed": -3}, "seed -3: it must be at least 0"),
        ],
    )
    def test_what_cannot_be_drawn(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(InputError, match=message):
            gan().fit(X, Y).sample(**{"n": 3} | arguments)


class TestDiscriminating:
    def test_probabilities_of_every_kind(self) -> None:
        for rows, y in ((X, None), (X, Y), (IMAGES, Y), (TABLE.drop(columns="many texts"), None)):
            p = gan(holdout=0.0).fit(rows, y).discriminate(rows, y)
            assert p.shape == (60,)
            assert ((p >= 0) & (p <= 1)).all()

    def test_one_row_is_enough(self) -> None:
        for rows, y in ((X, Y), (IMAGES, Y), (torch.tensor(IMAGES), Y), (TABLE[["last"]], Y)):
            made = gan().fit(rows, y)
            many = made.discriminate(rows[:2], y[:2])
            np.testing.assert_allclose(made.discriminate(rows[:1], y[:1]), many[:1], atol=0.3)

    @pytest.mark.parametrize(
        ("rows", "y", "message"),
        [
            (X, None, "data has no labels; this model is conditional"),
            (X, Y[:9], "inconsistent numbers of samples"),
            (X, np.full(60, "d"), r"unknown label 'd' \(valid: a, b, c\)"),
            (X[:, :1], Y, "X has 1 features, but GAN is expecting 2 features"),
            (TABLE, None, "data holds no points"),
            (np.where(X > 1, np.nan, X), Y, "Input X contains NaN"),
        ],
    )
    def test_rows_that_do_not_fit(self, rows: Any, y: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            gan().fit(X, Y).discriminate(rows, y)

    def test_a_table_needs_its_columns(self) -> None:
        made = gan().fit(TABLE[["last", "int8"]], Y)
        with pytest.raises(InputError, match=r"data lacks the column\(s\) label"):
            made.discriminate(TABLE)


class TestEvaluating:
    COLUMNS = ("value", "low", "high", "floor", "better", "rows", "title", "meaning", "skipped")

    @pytest.mark.parametrize("rows", [X, IMAGES, TABLE], ids=["points", "image", "table"])
    def test_on_the_holdout(self, rows: Any) -> None:
        scores = gan(holdout=0.5).fit(rows, Y).evaluate()
        assert tuple(scores.columns) == self.COLUMNS
        skipped = set(scores.index[scores["value"].isna()])
        assert "c2st" in skipped  # which needs 50 rows
        assert skipped <= {"c2st", "inference"}  # no risk where rows held out are all guessed, too
        assert (scores["rows"] == 30).all()

    def test_on_rows_that_are_given(self) -> None:
        made = gan().fit(X, Y)
        assert (made.evaluate(X[:20], Y[:20])["rows"] == 20).all()
        assert made.evaluate(X, Y, seed=1).equals(made.evaluate(X, Y, seed=1))
        table = gan().fit(TABLE[["last"]], Y)
        assert (table.evaluate(TABLE[["last"]], Y)["rows"] == 48).all()

    def test_without_a_holdout(self) -> None:
        with pytest.raises(InputError, match=r"data: 0 row\(s\) to judge by"):
            gan(holdout=0.0).fit(X).evaluate()

    def test_after_loading_with_a_source_that_can_be_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        np.save("a.npy", X)
        made = gan().fit("a.npy")
        made.save("model")
        monkeypatch.chdir("/")
        loaded = load(tmp_path / "model")
        pd.testing.assert_frame_equal(loaded.evaluate(), made.evaluate())
        assert (loaded.evaluate(X[:20])["rows"] == 20).all()
        (tmp_path / "a.npy").unlink()
        with pytest.raises(InputError, match="no such file or folder"):
            loaded.evaluate()
        assert (loaded.evaluate(X[:20])["rows"] == 10).all()

    def test_after_loading_without_a_source(self, tmp_path: Path) -> None:
        gan().fit(X).save(tmp_path)
        with pytest.raises(InputError, match="trained on rows in memory: give rows to judge it by"):
            load(tmp_path).evaluate()
        assert (load(tmp_path).evaluate(X)["rows"] == 30).all()


class TestKeeping:
    @pytest.mark.parametrize("rows", [X, IMAGES, TABLE], ids=["points", "image", "table"])
    def test_a_loaded_one_is_the_same(self, rows: Any, tmp_path: Path) -> None:
        made = gan(target=None).fit(rows, Y)
        made.save(tmp_path / "model")
        loaded = load(tmp_path / "model")
        for seed in (1, None):
            first, second = made.sample(20, seed=seed), loaded.sample(20, seed=seed)
            if isinstance(first, pd.DataFrame):
                pd.testing.assert_frame_equal(first, second)
            else:
                np.testing.assert_array_equal(first, second)
        attributes = [name for name in vars(made) if name.endswith("_") and name != "model_"]
        for name in attributes:
            assert np.array_equal(getattr(loaded, name), getattr(made, name)), name

    def test_column_names_are_loaded(self, tmp_path: Path) -> None:
        gan().fit(TABLE[["last", "int8"]], Y).save(tmp_path)
        assert load(tmp_path).feature_names_in_.tolist() == ["last", "int8"]

    @pytest.mark.parametrize("budget", [{"steps": 4}, {"epochs": 2.0}, {"minutes": 1e-4}])
    def test_steps_are_counted_whatever_the_budget(
        self, budget: dict[str, float], tmp_path: Path
    ) -> None:
        made = gan(**{"steps": None} | budget).fit(X, run=tmp_path / "run")
        made.save(tmp_path / "model")
        steps = [*read_lines(tmp_path / "run" / "log.jsonl")][-1]["step"]
        assert made.n_iter_ == steps
        assert load(tmp_path / "run").n_iter_ == steps
        assert load(tmp_path / "model").n_iter_ == steps

    def test_a_loaded_one_can_be_fitted_again(self, tmp_path: Path) -> None:
        gan().fit(X).save(tmp_path)
        assert load(tmp_path).fit(X + 1).sample(2).shape == (2, 2)

    def test_pickles_and_copies_carry_no_training_row(self) -> None:
        made = gan().fit(X)
        data = pickle.dumps(made)
        for row in X:
            assert row.tobytes() not in data
            assert row.astype(np.float32).tobytes() not in data
        for other in (pickle.loads(data), copy.deepcopy(made)):
            np.testing.assert_array_equal(other.sample(5, seed=1), made.sample(5, seed=1))
            with pytest.raises(InputError, match="give rows to judge it by"):
                other.evaluate()
        assert made.evaluate() is not None

    def test_a_run_must_be_new(self, tmp_path: Path) -> None:
        gan().fit(X, run=tmp_path / "run")
        with pytest.raises(RunError, match="run exists"):
            gan().fit(X, run=tmp_path / "run")

    def test_a_fit_that_cannot_start_leaves_no_run(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="unknown network"):
            gan(network="u-net").fit(X, run=tmp_path / "run")
        with pytest.raises(InputError, match="unknown column"):
            gan(columns=["z"]).fit(TABLE, run=tmp_path / "run")
        assert not list(tmp_path.iterdir())


def test_the_package_names_what_it_offers() -> None:
    for name in sparring.__all__:
        assert getattr(sparring, name) is not None
    assert set(sparring._HOMES) < set(sparring.__all__)
    with pytest.raises(AttributeError, match="module 'sparring' has no attribute 'gan'"):
        sparring.gan  # noqa: B018


def test_samples_are_chosen() -> None:
    made = gan().fit(TABLE)
    rows = made.sample(20, keep=lambda frame: frame["int8"] < frame["int16"], seed=3)
    assert (rows["int8"] < rows["int16"]).all()
    assert 0 < made.acceptance_ < 1
    pd.testing.assert_frame_equal(made.sample(20, keep="int8 < int16", seed=3), rows)
    assert len(made.sample(keep=["int8 < int16"])) == 1
    with pytest.raises(InputError, match="keep goes with where, not with y or balance"):
        made.sample(3, keep="int8 < int16", balance="bool")
    with pytest.raises(InputError, match="True or False for each of"):
        made.sample(3, keep=lambda frame: True)
    points = gan().fit(torch.from_numpy(X))
    chosen = points.sample(5, keep=lambda x: x[:, 0] > 0)
    assert isinstance(chosen, torch.Tensor)
    assert (chosen[:, 0] > 0).all()


def test_constraints_are_saved(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(60) % 7, "c": np.arange(60) % 2})
    frame["b"] = frame["a"] + np.arange(60) % 3
    made = gan(constraints=["a <= b"]).fit(frame)
    made.save(tmp_path)
    same = load(tmp_path)
    assert list(same.constraints) == ["a <= b"]
    rows = same.sample(300, seed=1)
    assert (rows["a"] <= rows["b"]).all()
    pd.testing.assert_frame_equal(made.sample(300, seed=1), rows)
