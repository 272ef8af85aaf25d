"""What to try instead: settings as `--set NAME=VALUE` takes them, by verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sparring.config import BUDGETS, Config, resolved

LONGER = 4  # times the budget
NEAR = 4.0  # a number within this factor of its default is not what failed
Changes = dict[str, Any]

# What decides whether the game is stable, and how strong D is in it.
STABILITY = (
    "loss", "penalty", "gamma", "optimizer", "momentum", "beta1", "schedule", "learning_rate",
    "critic_learning_rate", "critic_warmup_steps", "d_steps", "label_smoothing",
)  # fmt: skip
CRITIC = (
    "critic_width", "critic_depth", "critic_bottleneck", "critic_dropout", "critic_batch_norm",
    "critic_spectral_norm",
)  # fmt: skip


def remedy(verdict: str, config: Config, defaults: Mapping[str, Any]) -> dict[str, str]:
    """Settings to try after a verdict on a run under `config`; `defaults` are those of its kind.

    What the run set in another way than the defaults goes back to them first. Where that is
    nothing, something goes further than the defaults.
    """
    if verdict not in REMEDIES:
        return {}
    changes = REMEDIES[verdict](config, defaults)
    penalty = changes.get("penalty", config.penalty)
    if config.critic_batch_norm and penalty != "none":
        changes["critic_batch_norm"] = False  # which no penalty can bear
    return {name: written(value) for name, value in changes.items()}


def back(config: Config, defaults: Mapping[str, Any], names: tuple[str, ...]) -> Changes:
    """Those of the settings that are far from their default, back to it."""
    usual = Config().with_defaults(defaults).as_dict()
    mine = config.as_dict()
    return {name: usual[name] for name in names if far(mine[name], usual[name])}


def far(value: Any, usual: Any) -> bool:
    """Whether a setting is not what it usually is, of numbers not even nearly."""
    if isinstance(value, float) and isinstance(usual, float) and value > 0 and usual > 0:
        return not 1 / NEAR <= value / usual <= NEAR
    return bool(value != usual)


def longer(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """More of the budget; a learning rate that is far too low goes back to the default."""
    (budget,) = (name for name in BUDGETS if getattr(config, name) is not None)
    rate, usual = resolved(config.learning_rate, "learning_rate"), defaults["learning_rate"]
    if rate < usual / NEAR:
        return {"learning_rate": usual}
    return {budget: LONGER * getattr(config, budget)}


def steadier(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """The game of the defaults; if that is what failed, half its learning rate, more penalty."""
    return back(config, defaults, STABILITY) or {
        "learning_rate": resolved(config.learning_rate, "learning_rate") / 2,
        "gamma": 10 * resolved(config.gamma, "gamma"),
    }


def fairer(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """The game and the critic of the defaults; if that is what failed, as `steadier`."""
    changes = back(config, defaults, CRITIC) | back(config, defaults, STABILITY)
    return changes or steadier(config, defaults)


def sharper(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """The game and the critic of the defaults; if that is what failed, less restraint on D."""
    changes = back(config, defaults, CRITIC) | back(config, defaults, STABILITY)
    return changes or {"gamma": resolved(config.gamma, "gamma") / 10, "d_steps": 2}


def blunter(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """A critic that cannot learn rows by heart: no larger than G, penalised ten times as much."""
    gamma = max(resolved(config.gamma, "gamma"), float(defaults["gamma"]))
    return fairer(config, defaults) | {"gamma": 10 * gamma, "gamma_decay": 1.0}


def fuller(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """What keeps modes: the game of the defaults, and a G that is no narrower than usual."""
    narrow = resolved(config.width, "width") < defaults["width"] / 4
    changes = back(config, defaults, STABILITY) | ({"width": defaults["width"]} if narrow else {})
    return changes or steadier(config, defaults)


def written(value: Any) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value).lower()


REMEDIES: dict[str, Callable[[Config, Mapping[str, Any]], Changes]] = {
    "under-trained": longer,
    "mode dropping": fuller,
    "collapsed": fuller,
    "critic wins": fairer,
    "generator wins": sharper,
    "vanishing gradient": fairer,
    "oscillating": steadier,
    "diverged": steadier,
    "critic memorises": blunter,
    "copies training data": blunter,
}
