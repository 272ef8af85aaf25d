"""The values that cells of a table are drawn from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.kinds.cells import allowed_columns
from sparring.kinds.columns.rank import FEW_VALUES, MANY_VALUES, PARTS
from sparring.kinds.steps import choices
from sparring.kinds.table import Table
from sparring.nets.gibbs import Conditionals


def table(**columns: object) -> tuple[Table, Dataset]:
    data = Dataset(pd.DataFrame(columns), name="table")
    return Table.fit(data, Config(find_constraints=False)), data


@given(st.lists(st.integers(-3, 40), min_size=2, max_size=60).filter(lambda x: len(set(x)) > 1))
def test_a_number_that_is_drawn_is_decoded_to_the_value_of_its_step(numbers: list[int]) -> None:
    # Each twice, so that none is too rare to be kept.
    kind, data = table(x=numbers * 2, other=["a", "b"] * len(numbers))
    steps = kind.steps()
    values = np.unique(numbers)
    assert steps.sizes == (len(values), 2)
    assert steps.drawn == (0, 1)
    random = torch.Generator().manual_seed(0)
    net, x = Conditionals(steps, 128), kind.prepare(kind.encode(data), random)
    places = net.places(x)
    assert values[places[0]].tolist() == numbers * 2
    places[0] = torch.randint(len(values), (len(x),), generator=random)
    frame = kind.decode(net.standing(x, places, (0,)), None).x
    assert frame["x"].tolist() == values[places[0]].tolist()  # type: ignore[call-overload]


def test_of_many_values_frequent_ones_and_equal_parts_are_seen() -> None:
    random = np.random.default_rng(0)
    kind, _ = table(x=np.where(random.random(2_000) < 0.5, 0.0, random.normal(size=2_000) + 9))
    steps = kind.steps()
    assert steps.drawn == ()
    (edges,) = steps.edges
    assert 0.4 < edges[edges > 0.4][0] < 0.6
    assert PARTS <= len(edges) + 1 <= PARTS + 2
    assert (edges.diff() > 0).all()


def test_what_is_missing_is_drawn_and_a_map_is_not() -> None:
    random = np.random.default_rng(0)
    many = [f"c{i % 200}" for i in range(2_000)]
    kind, _ = table(
        x=np.where(random.random(2_000) < 0.3, np.nan, random.integers(0, 9, 2_000)),
        many=many,
    )
    steps = kind.steps()
    assert steps.one_hot == (2,)
    assert sum(steps.exact) == 1
    assert len(steps.edges) == 3  # of a map, two


def test_many_values_are_told_one_by_one_where_rows_share_them() -> None:
    often = np.arange(3_000) % 300
    lone = np.where(np.arange(3_000) < 300, 1_000 + np.arange(3_000), often)  # no other has them
    kind, _ = table(often=often, lone=lone, long=np.arange(3_000) % (MANY_VALUES + 1))
    assert FEW_VALUES < 300 < MANY_VALUES
    assert kind.steps().exact == (True, False, False)
    assert kind.steps().sizes[0] == 300


def test_choices_are_the_steps_that_conditions_allow() -> None:
    random = np.random.default_rng(0)
    kind, _ = table(
        number=random.integers(0, 6, 600), wide=random.normal(size=600),
        holes=np.where(random.random(600) < 0.3, None, random.choice(list("ab"), 600)),
        many=[f"c{i % 200}" for i in range(600)],
        **{"class": random.choice(list("xyz"), 600)},
    )  # fmt: skip
    where = {
        "number": (2, 4), "wide": (0, None), "holes": [None, "a"], "many": ["c1", "c2"],
        "class": ["x", "z"],
    }  # fmt: skip

    def chosen(where: dict[str, object]) -> dict[int, list[bool]]:
        found = choices(kind.layout, allowed_columns(kind.held, where))
        return {cell: mask.tolist() for cell, mask in found.items()}

    steps, place = kind.steps(), kind.layout.place
    before = len(steps.edges) - len(kind.layout.ranks)
    assert before == 1, "a category of many is a map, of two numbers"
    assert chosen(where) == {
        0: [False, False, True, True, True, False],
        place["holes"] + before: [True, False, True],
        place["class"] + before: [True, False, True],
    }
    assert chosen({"number": (3, 3), "class": "y"}) == {}, "one value is no choice"
