"""The one configuration: what it accepts, what it refuses, and how it travels."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring import config as settings
from sparring.config import Config
from sparring.errors import ConfigError

FIELDS = {field.name: field for field in dataclasses.fields(Config)}


def values(name: str) -> st.SearchStrategy[Any]:
    """Anything that a setting may hold."""
    kind, limits = settings.setting_type(name), FIELDS[name].metadata
    low, high = limits["low"], limits["high"]
    strategies: dict[type, st.SearchStrategy[Any]] = {
        int: st.integers(int(low) if kind is int else 0, None if math.isinf(high) else int(high)),
        float: st.floats(
            None if math.isinf(low) else low,
            None if math.isinf(high) else high,
            allow_nan=False,
            allow_infinity=False,
        ),
        bool: st.booleans(),
        str: st.text(),
        tuple: st.lists(st.text()).map(tuple),
    }
    optional = FIELDS[name].default is None
    return st.none() | strategies[kind] if optional else strategies[kind]


def possible(chosen: dict[str, Any]) -> dict[str, Any]:
    """The same settings, without those that packs exclude."""
    free = dict.fromkeys(("batch_size", "candidates", "stratified"))
    return chosen | free if chosen["pac"] > 1 else chosen


configs = (
    st.fixed_dictionaries({name: values(name) for name in FIELDS if name not in settings.BUDGETS})
    .map(possible)
    .flatmap(lambda chosen: st.sampled_from([{}, {"steps": 3}, {"minutes": 0.5}]).map(
        lambda budget: Config(**chosen, **budget)
    ))
)  # fmt: skip


@given(configs)
def test_a_config_survives_json(config: Config) -> None:
    assert Config(**json.loads(json.dumps(config.as_dict(), allow_nan=False))) == config


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().steps = 3


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_help_text(name: str) -> None:
    assert FIELDS[name].metadata["help"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 1.5, "a whole number"),
        ("steps", "3", "a whole number"),
        ("steps", True, "a whole number"),
        ("seed", None, "a whole number"),
        ("gamma", "1", "a number"),
        ("gamma", False, "a number"),
        ("gamma", [1.0], "a number"),
        ("loss", 3, "a text"),
        ("loss", None, "a text"),
        ("critic_batch_norm", 1, "true or false"),
        ("critic_batch_norm", "yes", "true or false"),
        ("columns", "age", "a list of names"),
        ("columns", 5, "a list of names"),
        ("columns", [1, 2], "a list of names"),
    ],
)
def test_a_wrong_type_is_named(name: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be {words}, got "):
        Config(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("steps", 0, "at least 1, got 0"),
        ("gamma", -1, "at least 0, got -1.0"),
        ("gamma_decay", 0, "at least 1e-06, got 0.0"),
        ("holdout", 0.95, "at least 0 and at most 0.9, got 0.95"),
        ("seed", 2**32, "at most 4294967295, got 4294967296"),
        ("seed", -1, "at least 0 and"),
        ("label_smoothing", 0.6, "at most 0.5"),
        ("gamma", math.nan, "a finite number, got nan"),
        ("holdout", math.nan, "a finite number, got nan"),
        ("minutes", math.inf, "a finite number, got inf"),
        ("learning_rate", 10**400, "a finite number, got inf"),
    ],
)
def test_a_number_out_of_range_is_named(name: str, value: Any, limit: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be .*{limit}"):
        Config(**{name: value})


@pytest.mark.parametrize("name", FIELDS)
def test_the_ends_of_every_range_are_allowed(name: str) -> None:
    for limit in ("low", "high"):
        value = FIELDS[name].metadata[limit]
        if not math.isinf(value):
            assert getattr(Config(**{name: settings.setting_type(name)(value)}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("steps", np.int64(3), 3),
        ("steps", np.uint8(3), 3),
        ("gamma", np.float64(0.5), 0.5),
        ("gamma", np.float32(0.5), 0.5),
        ("gamma", np.int64(2), 2.0),
        ("gamma", 2, 2.0),
        ("loss", np.str_("hinge"), "hinge"),
        ("columns", ["a", np.str_("b")], ("a", "b")),
        ("columns", (name for name in "ab"), ("a", "b")),
        ("types", {"a": "float", "b=c": "ordinal"}, ("a=float", "b=c=ordinal")),
        ("constraints", ["a <= b", "b = c"], ("a <= b", "b = c")),
    ],
)
def test_numbers_and_names_become_plain(name: str, value: Any, plain: Any) -> None:
    held = getattr(Config(**{name: value}), name)
    assert held == plain
    assert type(held) is type(plain)
    if isinstance(held, tuple):
        assert {type(part) for part in held} == {str}


def test_a_numpy_nan_is_refused() -> None:
    with pytest.raises(ConfigError, match="gamma must be a finite number"):
        Config(gamma=np.float64("nan"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 8}, "batch_size 8 is no multiple of pac 3"),
        ({"candidates": 4}, "pac: D judges no single row to choose by: set candidates to 1"),
        ({"stratified": True}, "pac: packs are of rows drawn at random: set stratified to false"),
    ],
    ids=str,
)
def test_packs_exclude(settings: dict[str, Any], message: str) -> None:
    Config(pac=3, batch_size=6, candidates=1, stratified=False)
    with pytest.raises(ConfigError, match=message):
        Config(pac=3, **settings)
    with pytest.raises(ConfigError, match=message):
        Config(pac=3).with_defaults(settings)


@pytest.mark.parametrize("pair", [("steps", "epochs"), ("steps", "minutes"), ("epochs", "minutes")])
def test_budgets_exclude_each_other(pair: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"{pair[0]} and {pair[1]} exclude each other"):
        Config(**dict.fromkeys(pair, 1))
    with pytest.raises(ConfigError, match="exclude each other"):
        Config().replace(dict.fromkeys(pair, 1))


def test_a_new_budget_replaces_the_old_one() -> None:
    config = Config(steps=100, seed=3).replace({"minutes": 2})
    assert (config.steps, config.minutes, config.seed) == (None, 2.0, 3)
    assert Config(steps=100).replace({"seed": 4}).steps == 100


def test_unknown_settings_are_refused_with_the_valid_ones() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'gama'; did you mean 'gamma'") as caught:
        Config().replace({"gama": 1.0})
    for name in FIELDS:
        assert name in str(caught.value)


def test_defaults_fill_only_what_was_not_chosen() -> None:
    kind = {"width": 128, "gamma": 1.0, "steps": 3_000}
    config = Config(width=7).with_defaults(kind)
    assert (config.width, config.gamma, config.steps) == (7, 1.0, 3_000)
    timed = Config(minutes=1).with_defaults(kind)
    assert (timed.steps, timed.minutes) == (None, 1.0)


def test_a_difference_is_told_in_words() -> None:
    assert Config().difference(Config()) == ""
    told = Config(steps=3).difference(Config(steps=4, loss="hinge"))
    assert told == "loss: 'relativistic' -> 'hinge', steps: 3 -> 4"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", "300", 300),
        ("steps", "none", None),
        ("steps", "", None),
        ("gamma", "1e-2", 0.01),
        ("gamma", "None", None),
        ("loss", "hinge", "hinge"),
        ("penalty", "none", "none"),
        ("output_activation", "none", "none"),
        ("target", "", None),
        ("critic_batch_norm", "Yes", True),
        ("critic_batch_norm", "0", False),
        ("generator_batch_norm", "none", None),
        ("columns", "age, sex", ("age", "sex")),
        ("columns", "none", None),
    ],
)
def test_text_is_read_as_the_settings_type(name: str, text: str, value: Any) -> None:
    assert settings.parse(name, text) == value
    if value is not None:
        assert getattr(Config(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("steps", "1e3", "steps must be a whole number, got '1e3'"),
        ("seed", "none", "seed must be a whole number, got 'none'"),
        ("gamma", "much", "gamma must be a number, got 'much'"),
        ("critic_batch_norm", "maybe", "critic_batch_norm must be true or false, got 'maybe'"),
        ("gama", "1", "unknown setting 'gama'; did you mean 'gamma'"),
    ],
)
def test_text_of_another_type_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings.parse(name, text)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("steps", int), ("gamma", float), ("loss", str), ("columns", tuple), ("kind", str)],
)
def test_the_type_of_a_setting(name: str, kind: type) -> None:
    assert settings.setting_type(name) is kind


def test_a_file_gives_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"loss": "hinge", "columns": ["größe"]}', encoding="utf-8")
    assert settings.read(path) == {"loss": "hinge", "columns": ["größe"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"loss": }', "line 1 is no JSON"),
        (b'{\n"loss": 1,\n}', "line 3 is no JSON"),
        (b"[1, 2]", "expected a JSON object"),
        (b'{"los": "hinge"}', "unknown setting 'los'; did you mean 'loss'"),
        (b'{"steps": 0}', "steps must be at least 1, got 0"),
        (b'{"gamma": NaN}', "gamma must be a finite number"),
        (b'{"steps": 1, "epochs": 1}', "exclude each other"),
        (b"\xff\xfe{}", "UTF-8"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        settings.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.json: cannot be read \(No such file"):
        settings.read(tmp_path / "no.json")
