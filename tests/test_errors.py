"""Messages for a person."""

from __future__ import annotations

import pytest

from sparring.errors import (
    ConfigError,
    DivergedError,
    InputError,
    RunError,
    SparringError,
    choose,
    listed,
    unknown,
)


@pytest.mark.parametrize("error", [ConfigError, DivergedError, InputError, RunError])
def test_every_error_is_caught_as_one(error: type[SparringError]) -> None:
    with pytest.raises(SparringError, match="why"):
        raise error("why")


@pytest.mark.parametrize("error", [ConfigError, InputError])
def test_bad_values_are_value_errors(error: type[SparringError]) -> None:
    assert issubclass(error, ValueError)


def test_names_are_listed_up_to_a_limit() -> None:
    assert listed([]) == ""
    assert listed(["a", 2]) == "a, 2"
    assert listed(range(5), limit=3) == "0, 1, 2 and 2 more"
    assert listed(range(3), limit=3) == "0, 1, 2"


def test_an_unknown_name_lists_the_valid_ones() -> None:
    assert unknown("loss", "huber", ["hinge"]) == "unknown loss 'huber' (valid: hinge)"


def test_a_near_miss_is_guessed() -> None:
    message = unknown("loss", "hing", ["hinge", "minimax"])
    assert message == "unknown loss 'hing'; did you mean 'hinge'? (valid: hinge, minimax)"


def test_a_long_list_is_cut() -> None:
    assert unknown("class", "x", range(1000)).endswith("98 and 901 more)")


def test_names_that_are_no_text_are_compared_as_text() -> None:
    assert "did you mean '3'" in unknown("label", 33, [3])


def test_choosing_from_a_catalogue() -> None:
    assert choose("loss", "hinge", {"hinge": 1}) == 1
    with pytest.raises(ConfigError, match="unknown loss 'x'"):
        choose("loss", "x", {"hinge": 1})
