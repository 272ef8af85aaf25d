"""A map of many categories, on which those with like rows are neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from sparring.kinds.columns.base import Column, places
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.order import MapColumn
from sparring.kinds.columns.rank import RankColumn

ROUNDS = 20
PRIOR = 3.0  # rows that say nothing, as many as these are added to every category
CELLS = 2**25  # of features, at most, over all maps: fewer rows of a wide table are looked at


def arranged(columns: list[Column], frame: pd.DataFrame) -> list[Column]:
    """The columns; those of many categories with a map that means something.

    Args:
        frame: training rows.
    """
    columns = list(columns)
    maps = sum(isinstance(column, MapColumn) for column in columns)
    if not maps:
        return columns
    width = sum(len(c.values) if isinstance(c, CategoryColumn) else 2 for c in columns)
    most = max(CELLS // (maps * width), 2)
    rows = np.linspace(0, len(frame) - 1, min(len(frame), most), dtype=np.int64)
    frame = frame.iloc[rows]
    features = [_features(column, frame) for column in columns]
    for i, column in enumerate(columns):
        if isinstance(column, MapColumn):
            others = np.hstack([*features[:i], *features[i + 1 :]])
            codes = places(frame[column.name], column.values)
            columns[i] = column.arranged(coordinates(codes, len(column.values), others))
            features[i] = _features(columns[i], frame)
    return columns


def coordinates(codes: np.ndarray, categories: int, features: np.ndarray) -> np.ndarray:
    """Where each category lies in the two directions of the features that tell them apart best.

    A normal score says no more of a category than its place among the others; so that a place
    means something, neighbours should be alike. The directions maximise the variance between the
    means of the categories (the first axes of a correspondence analysis; Benzecri 1973), found by
    orthogonal iteration; means of rare categories are drawn to the middle.

    Args:
        codes: (n,) in [0, categories), or -1 for a row to leave out.
        features: (n, d) of about one scale, the other columns of the table.

    Returns:
        (categories, 2); 0 where there is no feature to tell anything.
    """
    known = codes >= 0
    codes, features = codes[known], features[known] - features[known].mean(0)
    counts = np.bincount(codes, minlength=categories)[:, None] + PRIOR
    weights = np.random.default_rng(0).normal(size=(features.shape[1], 2))
    means = np.zeros((categories, 2))
    for _ in range(ROUNDS if features.shape[1] else 0):
        scores = (features @ weights).T
        means = np.stack([np.bincount(codes, s, categories) for s in scores], axis=1) / counts
        weights = np.zeros_like(weights)
        axes, _ = np.linalg.qr(features.T @ means[codes])
        weights[:, : axes.shape[1]] = axes
    return means


def _features(column: Column, frame: pd.DataFrame) -> np.ndarray:
    """What a column says of each row, (n, d): normal scores, or its categories one-hot."""
    if isinstance(column, RankColumn):
        intervals = column.encode(frame[column.name])
        low, high = np.column_stack(intervals[::2]), np.column_stack(intervals[1::2])
        scores: np.ndarray = ndtri(((low + high) / 2).clip(1e-6, 1 - 1e-6))
        return scores
    if isinstance(column, CategoryColumn):
        return column.one_hot(frame[column.name]).astype(np.float32)
    return np.empty((len(frame), 0), np.float32)
