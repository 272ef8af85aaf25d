import numpy as np
import pytest

from sparring.errors import InputError
from sparring.evaluate.rows import as_rows, paired


def test_numbers_of_any_type_become_float64():
    assert as_rows(np.ones((2, 3), np.uint8), "real").dtype == np.float64


@pytest.mark.parametrize("rows", [np.zeros(3), np.zeros((3, 0)), np.zeros((2, 2, 2))])
def test_other_shapes_are_refused(rows):
    with pytest.raises(InputError, match=r"real rows have shape .* is needed"):
        as_rows(rows, "real")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1e61])
def test_values_that_cannot_be_measured_are_refused(value):
    with pytest.raises(InputError, match="fake rows hold NaN, infinity or a value beyond 1e\\+60"):
        paired(np.zeros((3, 1)), np.full((3, 1), value), least=1)
