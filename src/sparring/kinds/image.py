"""Images: uint8 (n, h, w, c), 8 to 64 pixels square, grey or colour, optionally labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image as PillowImage
from sklearn.decomposition import PCA
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.evaluate.classifier import Classifier
from sparring.evaluate.image_classifier import cached_image_classifier
from sparring.evaluate.suite import Views
from sparring.kinds import pictures
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.labels import Labels
from sparring.nets.critic import Shape

SIDES = (8, 64)
COMPONENTS = 64


@dataclass(frozen=True)
class Image(Kind):
    """Bytes 0-255 to [-1, 1], channels first.

    Attributes:
        side: height and width in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
    """

    side: int
    channels: int
    labels: Labels | None

    name: ClassVar[str] = "image"
    defaults: ClassVar[Mapping[str, Any]] = {
        "network": "dcgan",
        "latent_dim": 64,
        "width": 64,
        "depth": 1,
        "generator_batch_norm": False,
        "gamma": 1.0,
        "gamma_decay": 0.1,
        "batch_size": 32,
        "learning_rate": 2e-3,
        "learning_rate_decay": 0.05,
        "ema_half_life_steps": 500.0,
        "precision": "bf16",
        "steps": 3_000,
    }
    metrics: ClassVar[tuple[str, ...]] = (
        "frechet", "precision", "recall", "density", "coverage", "sliced_wasserstein", "c2st",
        "label_agreement",
    )  # fmt: skip

    @staticmethod
    def detects(dataset: Dataset) -> bool:
        return isinstance(dataset.x, np.ndarray) and dataset.x.ndim == 4

    @classmethod
    def fit(cls, dataset: Dataset, config: Config) -> Image:
        if not cls.detects(dataset):
            raise InputError(f"{dataset.name} holds no images: they are (n, h, w, c) uint8")
        _, height, width, channels = dataset.x.shape
        low, high = SIDES
        if height != width or not low <= height <= high:
            raise InputError(
                f"{dataset.name}: images are {width} x {height} pixels; they must be square, "
                f"{low} to {high} pixels a side"
            )
        if channels not in (1, 3):
            raise InputError(f"{dataset.name}: {channels} channels; images have 1 or 3")
        return cls(height, channels, None if dataset.y is None else Labels.fit(dataset.y))

    @property
    def shape(self) -> Shape:
        conditions = len(self.labels.classes) if self.labels else 0
        return Shape((self.channels, self.side, self.side), conditions)

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        expected = (self.side, self.side, self.channels)
        if dataset.x.shape[1:] != expected:
            raise InputError(
                f"{dataset.name} has images of shape {dataset.x.shape[1:]}, the model's are "
                f"{expected} (height, width, channels)"
            )
        return (torch.from_numpy(np.ascontiguousarray(dataset.x.transpose(0, 3, 1, 2))),)

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        return raw[0].float() / 127.5 - 1

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        pixels = ((x.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        labels = None if y is None or self.labels is None else self.labels.decode(y)
        return Dataset(pixels.permute(0, 2, 3, 1).cpu().numpy(), labels)

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        flat = [d.x.reshape(len(d), -1) / 255.0 for d in (real, *others)]
        components = min(COMPONENTS, *flat[0].shape)
        pca = PCA(components, svd_solver="covariance_eigh").fit(flat[0])
        return [
            Views(
                features=pca.transform(x),
                space=f"pixels-pca{components}",
                labels=dataset.y,
                images=dataset.x,
            )
            for x, dataset in zip(flat, (real, *others), strict=True)
        ]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        return None if self.labels is None else cached_image_classifier(train.x, train.y, seed=seed)

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        PillowImage.fromarray(pictures.grid(fake)).save(path)

    def to_dict(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "channels": self.channels,
            "labels": saved_labels(self.labels),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Image:
        return cls(saved["side"], saved["channels"], restored_labels(saved["labels"]))
