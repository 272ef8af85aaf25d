"""Data frames of other libraries, such as polars or PyArrow: in as pandas, out as they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa
from narwhals.dependencies import is_into_dataframe, is_polars_lazyframe

from sparring.errors import InputError


@dataclass(frozen=True)
class FrameType:
    """What a frame was before it became pandas'.

    Attributes:
        library: whose frame it was.
        schema: its columns in Arrow's types.
    """

    library: nw.Implementation
    schema: pa.Schema

    def restore(self, frame: pd.DataFrame) -> Any:
        """A pandas frame as such a frame, its columns in the types that they had."""
        own, before = pa.Schema.from_pandas(frame, preserve_index=False), set(self.schema.names)
        fields = [self.schema.field(f.name) if f.name in before else f for f in own]
        table = pa.Table.from_pandas(frame, pa.schema(fields), preserve_index=False)
        backend: Any = self.library
        return nw.from_arrow(table, backend=backend).to_native()


def as_pandas(source: Any) -> tuple[Any, FrameType | None]:
    """Another library's frame as a pandas frame of Arrow dtypes, and what it was.

    Anything else, pandas' own frames among them, comes back as it is, with None.

    Raises:
        InputError: a query that is not computed yet.
    """
    if is_polars_lazyframe(source):
        raise InputError("a LazyFrame holds no rows yet: collect() it")
    if isinstance(source, pd.DataFrame) or not is_into_dataframe(source):
        return source, None
    frame = nw.from_native(source, eager_only=True)
    table = frame.to_arrow()
    return table.to_pandas(types_mapper=pd.ArrowDtype), FrameType(
        frame.implementation, table.schema
    )
