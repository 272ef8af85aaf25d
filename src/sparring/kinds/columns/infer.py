"""What a column is taken for, unless the user says otherwise."""

from __future__ import annotations

import re
from collections.abc import Hashable

import pandas as pd
from pandas.api import types

from sparring.errors import InputError, listed
from sparring.kinds.columns.clock import date_format
from sparring.kinds.columns.dtype import ACCEPTED, is_text, plain

MANY = 64  # distinct texts: below, they are categories, whatever they look like
NAMED = 20  # in fewer rows than this, values that are all different may be an accident
LONG = 50  # characters of a text on average, from which on it is prose
NUMERIC = 0.95  # share of numbers in a column, above which the other texts are errors
IDENTIFIER = re.compile(
    r"(.*[ _.-])?(id|uuid|guid|key|index|row([ _]?names?)?|(no|nr)[.]?|number|serial|obs)"
    r"|unnamed: 0|#", re.IGNORECASE,
)  # fmt: skip
CATEGORIES = {str, bool, int, float}


def infer(series: pd.Series) -> str:
    """The type of a column, a key of TYPES.

    Identifiers are: texts that are all different; whole numbers that are all different and either
    called so ("id", "PassengerId", "row") or too large for amounts.

    Raises:
        InputError: a dtype that tables do not hold, or texts among numbers.
    """
    cells = plain(series)
    check_dtype(cells)
    present = cells.dropna()
    distinct = present.nunique()
    if distinct + (len(present) < len(cells)) <= 1:
        return "constant"
    if types.is_bool_dtype(cells):
        return "boolean"
    if types.is_datetime64_any_dtype(cells):
        return "datetime"
    if types.is_timedelta64_dtype(cells):
        return "duration"
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return "ordinal" if cells.dtype.ordered else "categorical"
    names = distinct == len(cells) >= NAMED
    if types.is_numeric_dtype(cells):
        return _number_type(cells, names)
    if date_format(present) is not None:
        return "datetime"
    if distinct > MANY:
        _refuse_words_among_numbers(present)
    prose = present.str.len().mean() >= LONG and distinct > max(MANY, len(present) / 2)
    return "text" if prose else "identifier" if names else "categorical"


def check_dtype(cells: pd.Series) -> None:
    """See that a plain column holds what tables hold.

    Raises:
        InputError: it does not; the message says what it holds.
    """
    dtype = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        odd = {type(category) for category in dtype.categories.tolist()} - CATEGORIES
        if odd:
            names = listed(sorted(t.__name__ for t in odd))
            raise InputError(
                f"column {cells.name!r} has categories of type {names} {ACCEPTED}; "
                "astype(str) makes them text"
            )
    elif types.is_object_dtype(dtype) and not is_text(cells):
        held = listed(sorted({type(cell).__name__ for cell in cells.dropna()}))
        raise InputError(f"column {cells.name!r} holds objects of type {held} {ACCEPTED}")
    else:
        simple = types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)
        moments = types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype)
        if not (simple or moments or is_text(cells)):
            raise InputError(f"column {cells.name!r} is of type {dtype} {ACCEPTED}")


def _number_type(cells: pd.Series, names: bool) -> str:
    if not types.is_integer_dtype(cells):
        return "float"
    # A float would confuse some of these: they are no amounts.
    huge = max(-int(cells.min()), int(cells.max())) > 2**53
    if names and (huge or _called_identifier(cells.name)):
        return "identifier"
    return "categorical" if huge else "integer"


def _called_identifier(name: Hashable) -> bool:
    """Whether a column's name ends in a word for identifiers."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name))
    return IDENTIFIER.fullmatch(words) is not None


def _refuse_words_among_numbers(texts: pd.Series) -> None:
    if texts.str.fullmatch(r"[+-]?\d+,\d+").all():
        raise InputError(
            f"column {texts.name!r}, row {texts.index[0]}: {texts.iloc[0]!r} is no number "
            f"(accepted: a decimal point; --types '{texts.name}=categorical' takes all for "
            "categories)"
        )
    wrong = pd.to_numeric(texts, errors="coerce").isna()
    if 0 < wrong.mean() < 1 - NUMERIC:
        raise InputError(
            f"column {texts.name!r}, row {wrong.idxmax()}: {texts[wrong].iloc[0]!r} among numbers "
            f"(accepted: numbers or missing; mend it, or take all for categories with --types "
            f"'{texts.name}=categorical')"
        )
