"""`sparring train`: a source in, a run directory out."""

from __future__ import annotations

import dataclasses
import inspect
import json
import time
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from sparring import config as settings
from sparring.cli.show import console, reporter, score_table, spread_table
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.diagnose.doctor import diagnose, told
from sparring.errors import ConfigError, DivergedError
from sparring.evaluate.score import record
from sparring.fit import Interrupted, fit
from sparring.judge import judge
from sparring.kinds.catalogue import KINDS
from sparring.kinds.columns.catalogue import TYPES
from sparring.model import Model
from sparring.nets.catalogue import NETWORKS
from sparring.nets.layers import ACTIVATIONS, OUTPUT_ACTIVATIONS
from sparring.objective.losses import LOSSES
from sparring.objective.penalties import PENALTIES
from sparring.plan import Plan, lasting, plan
from sparring.recorder import picture_samples
from sparring.repeats import Repeats, make_ready
from sparring.train.cluster import agreed, cluster, processes, rank
from sparring.train.engine import ENGINES
from sparring.train.optimizers import OPTIMIZERS
from sparring.train.run import Run, free_path
from sparring.train.runtime import PRECISIONS
from sparring.train.schedule import SCHEDULES

CATALOGUES: dict[str, Mapping[str, Any]] = {
    "kind": KINDS,
    "types": TYPES,
    "network": NETWORKS,
    "activation": ACTIVATIONS,
    "critic_activation": ACTIVATIONS,
    "output_activation": OUTPUT_ACTIVATIONS,
    "loss": LOSSES,
    "penalty": PENALTIES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "precision": PRECISIONS,
    "engine": ENGINES,
}


def train(
    source: str | None,
    run: Path | None,
    resume: bool,
    dry_run: bool,
    seeds: int,
    config_file: Path | None,
    assignments: list[str],
    flags: dict[str, Any],
) -> None:
    """Resolve settings and rows, train, score. Precedence: file < --set < flags."""
    repeats = None
    if resume:
        if run is None:
            raise ConfigError("--resume needs --run DIR, the run to continue")
        repeats = Repeats.open(run)
        if repeats is not None:
            config, location = repeats.config, repeats.location
            seeds = max(repeats.seeds, seeds)
        else:
            directory = Run.open(run)
            saved = Model.load(directory.path, weights=False)
            config, location = saved.config, saved.source.get("location")
            if seeds > 1:
                raise ConfigError(f"{run} is a run of one seed: leave out --seeds")
        source = source or location
    else:
        config = Config()
    if seeds > 1 and processes() > 1:
        raise ConfigError("--seeds gives every run a process of its own: leave out torchrun")
    if source is None:
        raise ConfigError("give a SOURCE: a file, a folder or a built-in name")
    if seeds > 1:
        make_ready()
    changes: dict[str, Any] = {}
    for layer in (
        settings.read(config_file) if config_file else {},
        dict(_assignment(text) for text in assignments),
        flags,
    ):
        config, changes = config.replace(layer), changes | layer
    dataset = open_source(source, target=config.target, columns=config.columns)
    planned = plan(dataset, config, source)
    if dry_run:
        print(json.dumps(planned.config.as_dict(), indent=2))
        return
    if rank() > 0:  # process 0 writes and speaks
        fit(planned, Run(agreed(Path())), resume=resume)
        return
    place = run or free_path(Path("runs"), stem(source))
    if seeds > 1:
        if repeats is None:
            repeats = Repeats(place, seeds, config, lasting(source))
            repeats.begin()
        else:
            repeats = dataclasses.replace(
                repeats.resumed(seeds, changes), location=lasting(source)
            )
        train_repeatedly(repeats, dataset, changes)
        return
    if not resume:
        directory = Run.create(place)
    agreed(directory.path)
    del dataset  # the plan has its own rows: they need not be in memory twice
    train_and_score(planned, directory, resume=resume)


def train_repeatedly(repeats: Repeats, dataset: Dataset, changes: dict[str, Any]) -> None:
    """Train several seeds side by side and print the mean and spread of their scores."""
    begun = time.monotonic()
    print(f"{dataset.name}: {repeats.seeds} seeds; runs in {repeats.path}", flush=True)
    scores, failed = [], None
    try:
        for seed, one in repeats.run(dataset, changes):
            if isinstance(one, DivergedError):
                print(f"seed {seed}: {one}", flush=True)
                failed = one
                continue
            print(f"seed {seed}: done after {time.monotonic() - begun:.0f} s", flush=True)
            scores.append(one)
    except KeyboardInterrupt:
        print(f"stopped; saved. Continue with: sparring train --resume --run {repeats.path}")
        raise typer.Exit(130) from None
    if not scores and failed is not None:
        raise failed
    if scores[0]:
        out = console()
        out.print()
        out.print(spread_table(scores))
    else:
        print("no holdout to judge by: give rows to `sparring evaluate --against`")
    if failed is not None:
        raise typer.Exit(2)


def train_and_score(planned: Plan, run: Run, *, resume: bool = False) -> None:
    """Train under a progress bar, then print the scores and where everything is."""
    out = console()
    rows, held = planned.train.total, len(planned.holdout)
    print(
        f"{planned.source['name']}: {planned.kind.name}, {rows:,} rows to train on, "
        f"{held:,} held out; run in {run.path}",
        flush=True,
    )
    for note in planned.kind.notes:
        print(note, flush=True)
    if planned.budget is not None:
        print(planned.budget.words, flush=True)
    try:
        model = fit(planned, run, resume=resume, reporter=reporter(out))
    except Interrupted as error:
        print(f"{error}; saved. Continue with: sparring train --resume --run {run.path}")
        raise typer.Exit(130) from None
    if model.privacy:
        print(model.privacy)
    picture = run.path / "samples.png"
    planned.kind.draw(picture_samples(model), planned.train, picture)
    if held < 2:
        print("no holdout to judge by: give rows to `sparring evaluate --against`")
    else:
        score_and_show(model, run, planned)
    if planned.budget is None:  # else nothing looked at how it went
        print(told(diagnose(run.path)))
    print(f"samples: {picture}", f"draw more: sparring sample {run.path} -n 1000", sep="\n")


def score_and_show(model: Model, run: Run, planned: Plan) -> None:
    """Print the table of scores on the holdout and keep it in metrics.jsonl."""
    out = console()
    with out.status("scoring the samples"):
        scores = judge(model, planned.holdout, planned.train)
    out.print()
    out.print(score_table(scores))
    out.print()
    run.append(run.metrics_path, record(scores, "holdout"))


def stem(source: str) -> str:
    """What a run on `source` is called: adult for data/adult.csv."""
    return Path(source).name.split(".")[0].replace(":", "-") or "run"


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text!r}: write it as --set name=value")
    name = name.strip().replace("-", "_")
    return name, settings.parse(name, value.strip())


def _flag(field: dataclasses.Field[Any]) -> inspect.Parameter:
    """One setting as a command-line flag; its type, range, choices and default come with it."""
    text = field.metadata["help"]
    if field.name in CATALOGUES:
        text += f": {', '.join(CATALOGUES[field.name])}"
    default = field.default
    if default is None:
        by_kind = {k: kind.defaults.get(field.name) for k, kind in KINDS.items()}
        shown = ", ".join(f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}"
                          for k, v in by_kind.items() if v is not None)  # fmt: skip
    else:
        shown = str(default).lower() if isinstance(default, bool) else str(default)
    text += f" (default: {shown})" if shown else ""
    hint = settings.setting_type(field.name)
    name = "--" + field.name.replace("_", "-")
    names = [f"{name}/--no-{name[2:]}"] if hint is bool else [name]
    if hint is tuple:
        names.append(name.removesuffix("s"))  # --types a=float,b=float, or --type twice
    option = typer.Option(None, *names, help=text, show_default=False, rich_help_panel="Settings")
    annotation = (list[str] if hint is tuple else hint) | None
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=annotation
    )


def command(
    source: str | None = typer.Argument(None, help="A path or a built-in name."),
    run: Path | None = typer.Option(None, help="Run directory (default: runs/NAME)."),
    resume: bool = typer.Option(False, "--resume", help="Continue the run in --run."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Print the resolved settings and stop."),
    seeds: int = typer.Option(1, min=1, help="Train so many seeds side by side, from --seed on."),
    config: Path | None = typer.Option(None, help="Settings from a JSON file."),
    set: list[str] = typer.Option([], help="A setting as name=value; may be repeated."),
    **flags: Any,
) -> None:
    with cluster():
        train(source, run, resume, dry_run, seeds, config, set, given(flags))


def given(flags: dict[str, Any]) -> dict[str, Any]:
    """The settings that flags name; of several names, with commas as in --set or one at a time."""
    values = {name: value for name, value in flags.items() if value is not None}
    for name, texts in values.items():
        if isinstance(texts, list):
            values[name] = [part for text in texts for part in settings.parse(name, text) or ()]
    return values


def _with_flags() -> None:
    """Give `command` a flag for every setting, so that none is ever written twice."""
    own = inspect.signature(command).parameters.values()
    hints = typing.get_type_hints(command)
    fixed = [p.replace(annotation=hints[p.name]) for p in own if p.kind is not p.VAR_KEYWORD]
    fields = [_flag(field) for field in dataclasses.fields(Config)]
    command.__signature__ = inspect.Signature([*fixed, *fields])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in [*fixed, *fields]}


_with_flags()
