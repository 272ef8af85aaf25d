"""A trained model: two networks, the encoding of their rows and the settings they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sparring import __version__
from sparring.config import Config, resolved
from sparring.data.batches import one_hot
from sparring.data.dataset import Dataset
from sparring.errors import InputError, RunError, choose
from sparring.files import write_json, write_whole
from sparring.kinds.base import Kind
from sparring.kinds.catalogue import KINDS
from sparring.nets.base import Critic, Generator
from sparring.nets.catalogue import build_networks
from sparring.nets.gibbs import Conditionals, GibbsGenerator
from sparring.nets.selective import (
    CalibratedGenerator,
    CellScore,
    MatchedGenerator,
    SelectiveGenerator,
)
from sparring.objective.losses import LOSSES
from sparring.train.private import Budget
from sparring.train.runtime import pick_device

JUDGED_ROWS = 4096  # that D sees at once
FORMAT = 9  # of model.safetensors and schema.json; raised when an older reader would misread


@dataclass
class Model:
    """What is needed to draw samples and to judge rows.

    Attributes:
        config: resolved settings.
        kind: the fitted encoding.
        G: the averaged generator, in eval mode.
        D: the critic.
        source: where the training rows came from, as schema.json keeps it.
        steps: G updates made.
        epsilon: of privacy, spent until then; None where training was not private.
        ended: whether training came to its end, and G has all on it that its settings put there.
    """

    config: Config
    kind: Kind
    G: Generator
    D: Critic
    source: dict[str, Any] = field(default_factory=dict)
    steps: int = 0
    epsilon: float | None = None
    ended: bool = True

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Those of its kind, for as many rows as it came from and the settings that it has."""
        return self.kind.defaults_for(self.source["rows"], self.config)

    @property
    def privacy(self) -> str:
        """What training spent of privacy, in words; "" where it was not private."""
        if self.epsilon is None:
            return ""
        asked = Budget(**self.source["privacy"])
        return (
            f"privacy: epsilon {self.epsilon:.3g} spent of {asked.epsilon:g}, delta "
            f"{asked.delta:.2g}; one row more or less, the number of rows no secret"
        )

    def save(self, path: str | Path) -> None:
        """Write config.json, schema.json and model.safetensors into the directory `path`.

        No training row is among them, and nothing in them is code.

        Raises:
            RunError: the directory cannot be written.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path}: cannot be made ({error.strerror})") from None
        write_json(path / "config.json", self.config.as_dict())
        write_json(
            path / "schema.json",
            {
                "format": FORMAT,
                "sparring": __version__,
                "source": self.source,
                "kind": self.kind.name,
                "encoding": self.kind.to_dict(),
            },
        )
        self.save_weights(path)

    def save_weights(self, path: Path) -> None:
        """Write model.safetensors alone.

        Raises:
            RunError: it cannot be written.
        """
        tensors: dict[str, Tensor] = {}
        for name, net in (("G", self.G), ("D", self.D)):
            tensors |= {f"{name}.{k}": v.contiguous() for k, v in net.state_dict().items()}
        # One key: safetensors writes several in any order, and equal models must be equal files.
        about: dict[str, Any] = {"steps": self.steps, "ended": self.ended}
        G = self.G
        if isinstance(G, GibbsGenerator):
            about["drawn"] = list(G.cells)
            G = G.base
        if isinstance(G, MatchedGenerator):
            about["matched"] = len(G.bounds)
            G = G.base
        if isinstance(G, CalibratedGenerator):
            about["calibrated"] = len(G.levels)
            G = G.base
        if isinstance(G, SelectiveGenerator):
            about["cells"] = len(G.score.weights) if isinstance(G.score, CellScore) else 0
        if self.epsilon is not None:
            about["epsilon"] = self.epsilon
        data = save(tensors, metadata={"sparring": json.dumps(about)})
        write_whole(path / "model.safetensors", lambda file: file.write(data))

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu", *, weights: bool = True) -> Model:
        """Read a directory that `save` or a run wrote.

        Args:
            weights: False reads what was planned alone, for a run that goes on from its state.

        Raises:
            RunError: no such directory, a file of it is missing, corrupt or from a newer version.
            ConfigError: no such device.
        """
        path, place = Path(path), pick_device(device)
        if not path.is_dir():
            raise RunError(f"{path}: no such run directory")
        schema, settings = _read_json(path / "schema.json"), _read_json(path / "config.json")
        written = schema.get("format")
        if not isinstance(written, int):
            raise RunError(f"{path}: schema.json is damaged (it names no format)")
        if written > FORMAT:
            raise RunError(
                f"{path}: written in format {written}, by sparring {schema.get('sparring')}; this "
                f"is {__version__}, which reads up to format {FORMAT}: upgrade sparring"
            )
        if written < FORMAT:
            raise RunError(
                f"{path}: written in format {written}, by sparring {schema.get('sparring')}; this "
                f"is {__version__}, which reads format {FORMAT}: train it again"
            )
        try:
            config = Config(**settings)
            kind = choose("kind", schema["kind"], KINDS).from_dict(schema["encoding"])
            G, D = build_networks(kind.shape, config)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise RunError(
                f"{path}: config.json or schema.json is damaged ({_first_line(error)})"
            ) from None
        model = cls(config, kind, G.eval(), D.eval(), schema.get("source", {}))
        if weights:
            model._load_weights(path / "model.safetensors")
        for net in (model.G, model.D):
            net.to(place).requires_grad_(False)
        return model

    def _load_weights(self, path: Path) -> None:
        if not path.exists():
            raise RunError(f"{path} is not there: the run has not saved a model yet")
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["sparring"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            self.steps, self.epsilon = int(about["steps"]), about.get("epsilon")
            self.ended = bool(about.get("ended", True))
            if "cells" in about:
                D, cells = deepcopy(self.D), int(about["cells"])
                score = CellScore(D, cells, *self.kind.shape.row) if cells else D
                candidates = resolved(self.config.candidates, "candidates")
                self.G = SelectiveGenerator(self.G, score, candidates)
            if "matched" in about:
                self.G = MatchedGenerator(self.G, int(about["matched"]))
            if "calibrated" in about:
                self.G = CalibratedGenerator(self.G, int(about["calibrated"]))
            if "drawn" in about:
                steps, drawn = self.kind.steps(), [int(cell) for cell in about["drawn"]]
                if steps is None:
                    raise ValueError("rows without cells")
                told = Conditionals(steps, resolved(self.config.width, "width"))
                self.G = GibbsGenerator(self.G, told, drawn, self.kind.shape)
            self.G.eval()
            for name, net in (("G", self.G), ("D", self.D)):
                prefix = f"{name}."
                net.load_state_dict(
                    {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
                )
        except (
            SafetensorError, OSError, LookupError, RuntimeError, TypeError, ValueError
        ) as error:  # fmt: skip
            raise RunError(f"{path}: corrupt or of another model ({_first_line(error)})") from None

    @torch.no_grad()
    def discriminate(self, dataset: Dataset) -> Tensor:
        """D's probability that each row is real, (n,) in [0, 1].

        Under a relativistic loss only differences between rows mean anything.

        Raises:
            InputError: rows, categories or labels that do not fit the training rows, or a D that
                judges several rows at once.
        """
        if self.config.pac > 1:
            raise InputError(f"D judges {self.config.pac} rows at once (pac), and none by itself")
        device = next(self.D.parameters()).device
        random = torch.Generator(device).manual_seed(self.config.seed)
        logits, given = [], self.kind.given(0.0)
        self.D.eval()
        for part in dataset.parts():
            raw, labels = self.kind.encode(part), self.kind.encode_labels(part)
            for start in range(0, len(part), JUDGED_ROWS):
                rows = slice(start, start + JUDGED_ROWS)
                x = self.kind.prepare(tuple(tensor[rows].to(device) for tensor in raw), random)
                y = x.new_empty(len(x), 0)
                if given is not None:
                    y = given.condition(x, given.least(len(x), device))
                if labels is not None:
                    y = one_hot(labels[rows].to(device), self.kind.shape.conditions)
                logits.append(self.D(x, y))
        loss = LOSSES[self.config.loss]()
        return loss.probability(torch.cat(logits)).cpu()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path} is not there: {path.parent} holds no model") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RunError(f"{path}: cannot be read ({error})") from None
    if not isinstance(value, dict):
        raise RunError(f"{path}: expected a JSON object")
    return value


def _first_line(error: Exception) -> str:
    """What an error says, shortly; a KeyError alone would say no more than the key."""
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__} {text}" if isinstance(error, LookupError) else text
