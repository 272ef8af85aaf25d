"""The one configuration: every setting of a run, its default, its range and its help text.

A setting whose default is None is the kind's choice (see `defaults` of each kind), unless its help
says otherwise. Precedence: kind's defaults < recipe < file < flags. Flags, the estimator's
arguments, `config.json` and the tables in the docs all come from this dataclass.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

from sparring.errors import ConfigError, unknown

T = TypeVar("T")


def _option(default: Any, help: str, low: float = -math.inf, high: float = math.inf) -> Any:
    """A setting with its help text and the closed range [low, high] it must lie in."""
    return field(default=default, metadata={"help": help, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides a run, apart from its data.

    Raises:
        ConfigError: a value of the wrong type or out of its range, or two that exclude each other.
    """

    # data
    kind: str | None = _option(None, "form of the data: points, table or image; omitted = detected")
    target: str | None = _option(None, "table column to condition on; omitted = unconditional")
    columns: tuple[str, ...] | None = _option(None, "table columns to learn; omitted = all")
    types: tuple[str, ...] | None = _option(
        None, "table columns that are not what they seem, as column=type, of which there are"
    )
    constraints: tuple[str, ...] | None = _option(
        None, 'what every row of a table obeys, such as "start <= end", "0 <= age < 120", "total = '
        'net + tax" or "city -> country" (country follows from city)',
    )
    find_constraints: bool = _option(
        True, "find table columns that follow from one other column, and keep them so"
    )
    drop_text: bool = _option(False, "leave free text out of tables; else it is refused")
    min_count: int = _option(
        2, "rows that must have a category or number for a table's model to keep it; rarer "
        "categories are learnt as others, rarer numbers as means", 1,
    )
    tail_quantile: float = _option(
        0.0, "share of a table's numbers at each end that is drawn in to its quantile", 0, 0.25
    )
    scaling: str | None = _option(
        None,
        "of numbers for the nets: standard, min-max ([0, 1]) or none (points); symmetric ([-1, 1]) "
        "or min-max ([0, 1]) (images)",
    )
    holdout: float = _option(
        0.2, "share of rows (at most 10,000) that training never sees, to judge samples by", 0, 0.9
    )

    given_share: float | None = _option(
        None, "share of training rows of which G is given some cells, so that samples can be asked "
        "to have any (tables); 0 = none but the target", 0, 1,
    )

    smoothing: float | None = _option(
        None, "how far the numbers of a training row are moved at random, each time it is seen, in "
        "deviations and along their correlations, so that few rows are not learnt by heart "
        "(points, tables)", 0, 0.9,
    )

    clusters: int | None = _option(
        None, "how many clusters of alike images G and D are told of, of each label by its share "
        "of them, fewer for fewer than 25 images each (images); 0 = labels alone", 0, 1_000,
    )

    # networks
    network: str | None = _option(None, "architecture of G and D")
    latent_dim: int | None = _option(None, "dimension of the noise z", 1)
    width: int | None = _option(None, "hidden units (MLP) or channels (images) of G", 1)
    depth: int | None = _option(None, "hidden layers or residual blocks of G (MLPs)", 1)
    critic_width: int | None = _option(None, "the same of D; omitted = as G", 1)
    critic_depth: int | None = _option(None, "the same of D; omitted = as G", 1)
    activation: str = _option("leaky-relu", "activation of the hidden layers of G")
    critic_activation: str = _option("leaky-relu", "activation of the hidden layers of D")
    output_activation: str | None = _option(None, "activation of G's output")
    output_noise: bool | None = _option(
        None, "in MLPs, make each number as a draw from a normal distribution, of which G gives "
        "the mean and the deviation",
    )
    generator_batch_norm: bool | None = _option(None, "batch normalisation in G")
    critic_batch_norm: bool = _option(False, "batch normalisation in D (not with a penalty)")
    critic_spectral_norm: bool = _option(False, "spectral normalisation of D's layers")
    critic_dropout: float = _option(0.0, "dropout probability in D", 0, 0.95)
    pac: int = _option(
        1, "rows that D judges as one, to see when samples are alike (MLPs; PacGAN); 1 = each by "
        "itself", 1, 64,
    )
    critic_bottleneck: int = _option(
        0, "units of a linear layer between D and its logit (MLPs); 0 = none", 0
    )

    # objective
    loss: str = _option("relativistic", "what G and D optimise")
    penalty: str = _option("r1+r2", "gradient penalty on D")
    gamma: float | None = _option(None, "weight of the penalty at the start", 0)
    gamma_decay: float | None = _option(None, "gamma at the end, as a share of the start", 1e-6)
    label_smoothing: float = _option(0.0, "one-sided: real rows are labelled 1 - this", 0, 0.5)
    d_steps: int = _option(1, "D updates per G update", 1)
    critic_warmup_steps: int = _option(0, "D updates before the first step", 0)

    # optimisation
    optimizer: str = _option("adam", "optimiser of G and D")
    batch_size: int | None = _option(None, "rows per update", 1)
    stratified: bool | None = _option(
        None, "make every batch of rows from all parts of the data, and of noise from all parts of "
        "its space, so that chance moves G and D less; else both are drawn at random",
    )
    learning_rate: float | None = _option(None, "learning rate at the start", 0)
    learning_rate_decay: float | None = _option(
        None, "learning rate at the end, as a share of the start", 0
    )
    critic_learning_rate: float | None = _option(
        None, "of D at the start; omitted = as G, if G's is given", 0
    )
    beta1: float = _option(0.0, "Adam: decay of the gradient average", 0, 0.9999)
    beta2: float = _option(0.9, "Adam, RMSprop: decay of the squared-gradient average", 0, 0.99999)
    beta2_end: float = _option(0.99, "the same at the end (Adam)", 0, 0.99999)
    momentum: float = _option(0.0, "SGD: momentum", 0, 0.9999)
    schedule: str = _option("cosine", "path from start to end values; constant = stay at the start")
    ema_half_life_steps: float | None = _option(
        None, "half-life that the running average of G grows to, never more than a quarter of the "
        "steps so far; 0 = no averaging", 0,
    )
    candidates: int | None = _option(
        None, "samples that G makes for each that is kept, chosen by D; 1 = all are kept, which is "
        "faster", 1, 64,
    )
    match_histogram: bool | None = _option(
        None, "give G's pixels the values that those of training images have, each as often, after "
        "training (images)",
    )
    gibbs_sweep: bool | None = _option(
        None, "draw cells of G's rows anew, one by one, as training rows have them beside the "
        "other cells (tables)",
    )

    # budget: one of the three
    steps: int | None = _option(None, "train for this many G updates", 1)
    epochs: float | None = _option(None, "train for this many passes over the rows", 1e-6)
    minutes: float | None = _option(None, "train for this long", 1e-6)

    rollbacks: int = _option(
        3, "times that a run which diverges goes back to its last good state and halves its "
        "learning rate; 0 = never, and only a loss that is not finite ends the run", 0,
    )

    monitor: str | None = _option(
        None, "metric to judge the run by as it goes, or METRIC=VALUE to end it there; the best "
        "model is kept",
    )
    patience: int | None = _option(
        None, "end the run when the monitor was so often no better; omitted = never", 1
    )

    # privacy
    epsilon: float | None = _option(
        None, "train a table's model with differential privacy: at most so much may one row change "
        "(docs/privacy.md); omitted = without", 1e-3, 1e3,
    )
    delta: float | None = _option(
        None, "probability with which epsilon may fail; omitted = 1 / training rows^1.1", 1e-12, 0.1
    )
    clip_norm: float = _option(
        1.0, "under epsilon, the norm that one row's gradient of D is clipped to", 1e-6
    )
    public_rows: str | None = _option(
        None, "under epsilon, a file of rows that are no secret, of which a model has its columns, "
        "categories and the ends of numbers",
    )

    # the machine
    seed: int = _option(0, "seed of everything random", 0, 2**32 - 1)
    device: str = _option("auto", "auto, cpu, cuda, cuda:1, mps")
    threads: int | None = _option(
        None, "CPU threads; omitted = by the size of the nets and what is free", 1
    )
    precision: str | None = _option(
        None, "arithmetic of the nets; auto = bf16 where it is fast, else fp32"
    )

    engine: str | None = _option(
        None, "how a step runs: compiled or graphed is faster, traced starts sooner; "
        "omitted = by the length of the run and the machine",
    )

    # the record
    log_every_steps: int = _option(25, "steps between lines of log.jsonl", 1)
    sample_every_steps: int | None = _option(
        None, "steps between pictures in samples/; omitted = a tenth of the run", 1
    )
    state_every_seconds: float = _option(30.0, "time between saved states", 0)

    def __post_init__(self) -> None:
        for name, hint in _TYPES.items():
            object.__setattr__(self, name, _checked(name, getattr(self, name), hint))
        budgets = [n for n in BUDGETS if getattr(self, n) is not None]
        if len(budgets) > 1:
            raise ConfigError(f"{' and '.join(budgets)} exclude each other: give one of them")
        if self.pac > 1:
            self._check_packs()

    def _check_packs(self) -> None:
        """See that D can judge packs of rows; what is not resolved yet can become what it must."""
        if self.batch_size is not None and self.batch_size % self.pac:
            raise ConfigError(f"batch_size {self.batch_size} is no multiple of pac {self.pac}")
        if self.candidates is not None and self.candidates > 1:
            raise ConfigError("pac: D judges no single row to choose by: set candidates to 1")
        if self.stratified:
            raise ConfigError("pac: packs are of rows drawn at random: set stratified to false")

    def replace(self, changes: Mapping[str, Any]) -> Config:
        """A copy with `changes`; a new budget drops the old one."""
        known_only(changes)
        changes = dict(changes)
        if any(changes.get(name) is not None for name in BUDGETS):
            changes = dict.fromkeys(BUDGETS) | changes
        return dataclasses.replace(self, **changes)

    def with_defaults(self, defaults: Mapping[str, Any]) -> Config:
        """A copy in which settings that are None take the kind's defaults."""
        chosen = {k: v for k, v in defaults.items() if getattr(self, k) is None}
        if self.learning_rate is not None:  # D's is then as G's
            chosen.pop("critic_learning_rate", None)
        if any(getattr(self, name) is not None for name in BUDGETS):
            chosen = {k: v for k, v in chosen.items() if k not in BUDGETS}
        return self.replace(chosen)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items()}

    def difference(self, other: Config) -> str:
        """The settings in which two configurations differ, in words; empty when none."""
        mine, theirs = self.as_dict(), other.as_dict()
        return ", ".join(f"{k}: {mine[k]!r} -> {theirs[k]!r}" for k in mine if mine[k] != theirs[k])


BUDGETS = ("steps", "epochs", "minutes")
_TYPES: dict[str, Any] = typing.get_type_hints(Config)


def resolved(value: T | None, name: str) -> T:
    """A setting that was left to the kind, once it is chosen.

    Raises:
        ConfigError: it is not chosen yet.
    """
    if value is None:
        raise ConfigError(f"{name} is not resolved: apply the kind's defaults first")
    return value


def known_only(values: Mapping[str, Any]) -> None:
    """Raise ConfigError at a key that is no setting."""
    for name in values:
        if name not in _TYPES:
            raise ConfigError(unknown("setting", name, _TYPES))


def parse(name: str, text: str) -> Any:
    """The value of `--set name=text`, read as the setting's type.

    Nothing, or "none" where the setting is no text, gives the choice back to the kind (None).

    Raises:
        ConfigError: no such setting, or a text that is no value of its type.
    """
    known_only({name: text})
    hint = _TYPES[name]
    base = _base(hint)
    # "none" can be a name: that of an output activation.
    unset = text == "" or (text.lower() == "none" and base is not str)
    if unset and type(None) in typing.get_args(hint):
        return None
    if base is tuple:
        return tuple(part.strip() for part in text.split(","))
    if base is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise ConfigError(f"{name} must be true or false, got {text!r}")
        return words[text.lower()]
    try:
        return base(text)
    except ValueError:
        raise ConfigError(f"{name} must be {_WORDS[base]}, got {text!r}") from None


def read(path: str | Path) -> dict[str, Any]:
    """Settings from a JSON file, checked; what the file does not name stays at its default.

    Raises:
        ConfigError: no such file, no JSON object in it, an unknown key or a bad value.
    """
    path = Path(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: line {error.lineno} is no JSON: {error.msg}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a JSON object of settings")
    try:
        known_only(values)
        Config(**values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return values


_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
# NumPy's numbers are of these types too.
_ACCEPTED: dict[type, type] = {int: Integral, float: Real, str: str, bool: bool}


def setting_type(name: str) -> type:
    """The type of a setting, without its None: int for `int | None`, tuple for a list of names."""
    return _base(_TYPES[name])


def _base(hint: Any) -> type:
    """The one type of a hint such as `int | None` or `tuple[str, ...] | None`."""
    if isinstance(hint, types.UnionType):
        hint = next(a for a in typing.get_args(hint) if a is not type(None))
    base: type = typing.get_origin(hint) or hint
    return base


def _checked(name: str, value: Any, hint: Any) -> Any:
    """The value in its setting's type; ConfigError when it has another or is out of range."""
    if value is None and type(None) in typing.get_args(hint):
        return None
    base = _base(hint)
    if base is tuple:
        if isinstance(value, Mapping):  # {"zip": "categorical"}, as Python has it
            value = [f"{key}={part}" for key, part in value.items()]
        parts = None if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
        if parts is None or not all(isinstance(part, str) for part in parts):
            raise ConfigError(f"{name} must be a list of names, got {value!r}")
        return tuple(map(str, parts))
    # To Python, True is a whole number; to a person it is not.
    if not isinstance(value, _ACCEPTED[base]) or isinstance(value, bool) != (base is bool):
        raise ConfigError(f"{name} must be {_WORDS[base]}, got {value!r}")
    try:
        value = base(value)
    except OverflowError:  # a whole number that no float reaches
        value = math.inf
    if base is float and not math.isfinite(value):
        raise ConfigError(f"{name} must be a finite number, got {value!r}")
    limits = Config.__dataclass_fields__[name].metadata
    if base in (int, float) and not limits["low"] <= value <= limits["high"]:
        high = "" if limits["high"] == math.inf else f" and at most {limits['high']:.10g}"
        raise ConfigError(f"{name} must be at least {limits['low']:g}{high}, got {value!r}")
    return value
