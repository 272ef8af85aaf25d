"""What to try instead: settings as `--set NAME=VALUE` takes them, by verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sparring.config import BUDGETS, Config, resolved

LONGER = 4  # times the budget
NEAR = 4.0  # a number within this factor of its default is not what failed
MOVED = 0.3  # smoothing where rows are learnt by heart
SHORT = 1 / 2  # of the usual steps: too few to tell a G that fails from one that has just begun
Changes = dict[str, Any]

# What decides whether the game is stable, and how strong D is in it.
GAME = (
    "loss", "penalty", "gamma", "optimizer", "momentum", "beta1", "schedule", "learning_rate",
    "critic_learning_rate", "critic_warmup_steps", "d_steps", "label_smoothing",
    "critic_width", "critic_depth", "critic_bottleneck", "critic_dropout", "critic_batch_norm",
    "critic_spectral_norm", "pac",
)  # fmt: skip


def remedy(verdict: str, config: Config, defaults: Mapping[str, Any]) -> dict[str, str]:
    """Settings to try after a verdict on a run under `config`; `defaults` are those of its kind.

    What the run set in another way than the defaults goes back to them first. Where that is
    nothing, something goes further than the defaults.
    """
    if verdict not in REMEDIES:
        return {}
    changes = REMEDIES[verdict](config, defaults)
    usual = defaults["steps"]
    if config.steps is not None and config.steps < SHORT * usual:
        least = max(min(LONGER * config.steps, usual), round(SHORT * usual))
        changes["steps"] = max(changes.get("steps", 0), least)
    penalty = changes.get("penalty", config.penalty)
    if config.critic_batch_norm and penalty != "none":
        changes["critic_batch_norm"] = False  # which no penalty can bear
    return {name: written(value) for name, value in changes.items()}


def usual_game(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """What was played in another way than the defaults, back to it, and a G that is not narrow."""
    default = Config().with_defaults(defaults).as_dict()
    mine = config.as_dict()
    names = list(GAME)
    if config.critic_learning_rate is None:  # it is that of G, whatever that is
        names.remove("critic_learning_rate")
    changes = {name: default[name] for name in names if far(mine[name], default[name])}
    wide = default["width"]
    if config.critic_width is not None and config.critic_width <= NEAR * wide:
        wide = max(wide, config.critic_width)
    if resolved(config.width, "width") < wide / NEAR:
        changes["width"] = wide
    return changes


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
    """The usual game; if that is what failed, half its learning rate, more penalty."""
    return usual_game(config, defaults) or {
        "learning_rate": resolved(config.learning_rate, "learning_rate") / 2,
        "gamma": 10 * resolved(config.gamma, "gamma"),
    }


def sharper(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """The usual game; if that is what failed, less restraint on D."""
    gamma = resolved(config.gamma, "gamma")
    return usual_game(config, defaults) or {"gamma": gamma / 10, "d_steps": 2}


def blunter(config: Config, defaults: Mapping[str, Any]) -> Changes:
    """A critic that cannot learn rows by heart: no larger than G, penalised ten times as much.

    It sees all rows but the usual holdout, and their numbers never twice the same.
    """
    gamma = max(resolved(config.gamma, "gamma"), float(defaults["gamma"]))
    changes = usual_game(config, defaults) | {"gamma": 10 * gamma, "gamma_decay": 1.0}
    if config.holdout > Config().holdout:
        changes["holdout"] = Config().holdout
    may_move = "smoothing" in defaults and config.epsilon is None
    if may_move and resolved(config.smoothing, "smoothing") < MOVED:
        changes["smoothing"] = MOVED
    return changes


def written(value: Any) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value).lower()


REMEDIES: dict[str, Callable[[Config, Mapping[str, Any]], Changes]] = {
    "under-trained": longer,
    "mode dropping": steadier,
    "collapsed": steadier,
    "critic wins": steadier,
    "generator wins": sharper,
    "vanishing gradient": steadier,
    "oscillating": steadier,
    "diverged": steadier,
    "critic memorises": blunter,
    "copies training data": blunter,
}
