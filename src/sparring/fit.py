"""From a plan to a trained model, with everything kept in the run directory."""

from __future__ import annotations

import dataclasses
import threading
import warnings

from sparring.config import resolved
from sparring.errors import DivergedError
from sparring.model import Model
from sparring.monitor import Monitor
from sparring.plan import Plan, check_same
from sparring.recorder import Recorder, Reporter
from sparring.select import finished
from sparring.signals import handled, stop_signals
from sparring.train.cluster import largest, processes, rank
from sparring.train.run import Run
from sparring.train.runtime import thread_count
from sparring.train.trainer import Trainer


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM between two steps, after everything was saved."""


def fit(
    plan: Plan, run: Run | None = None, *, resume: bool = False, reporter: Reporter | None = None
) -> Model:
    """Train as planned, from the start or from the last state of `run`.

    Returns:
        The model with the averaged G.

    Raises:
        DivergedError: a loss or parameter is not finite; the last good state is kept.
        RunError: the run directory cannot be written or continued.
        Interrupted: Ctrl-C or SIGTERM in a run with a directory; all is saved. Without one, the
            model is returned as it is then, with a warning.
    """
    reporter = reporter or Reporter()
    if run is not None and resume and plan.budget is not None:
        # The noise on the shares of its columns was drawn once.
        plan = dataclasses.replace(plan, kind=Model.load(run.path, weights=False).kind)
    trainer = plan.build()
    model = Model(
        plan.config, plan.kind, trainer.average.net, trainer.D, plan.source,
        epsilon=plan.spent(0), ended=False,
    )  # fmt: skip
    monitor = None
    if plan.config.monitor is not None:
        monitor = Monitor(
            plan.config.monitor, plan.config.patience, plan.train, plan.holdout, model
        )
    if run is not None and resume:
        change = check_same(plan, run)
        state = run.load_state()
        if state is not None:
            trainer.load_state_dict(state)
            model.steps, model.epsilon = trainer.step, plan.spent(trainer.step)
            if monitor is not None:
                monitor.load_state_dict(state["monitor"])
        if change:
            trainer.events.append(f"no longer the bits of an unbroken run ({change})")
    # Of several processes the first one writes.
    run = run if rank() == 0 else None
    if run is not None and resume:
        run.rewind_log(trainer.step)
    elif run is not None:
        model.save(run.path)
    recorder = Recorder(plan, trainer, model, run, monitor)
    with thread_count(resolved(plan.config.threads, "threads")):
        try:
            reporter.begin(plan, trainer)
            with stop_signals() as stop:
                ended = _train(plan, trainer, recorder, reporter, stop)
            reporter.finishing()
            try:
                with handled():  # every step is saved
                    model.G, model.ended = finished(model, plan.train), ended
            except KeyboardInterrupt:
                raise Interrupted("stopped while the model was being finished") from None
            if run is not None:
                model.save_weights(run.path)
        except BrokenPipeError:  # who was told of the run has gone
            recorder.save()
            raise
        except DivergedError as error:
            recorder.end_diverged()
            raise DivergedError(f"{error}; {recorder.kept()}") from None
        finally:
            reporter.end()
    model.D.eval().requires_grad_(False)
    return model


def _train(
    plan: Plan, trainer: Trainer, recorder: Recorder, reporter: Reporter, stop: threading.Event
) -> bool:
    """Whether training came to its end."""
    log_every = plan.config.log_every_steps
    recorder.tell_events(reporter)
    if recorder.verdict():
        return True
    for step in trainer.steps():
        recorder.tell_events(reporter)
        if trainer.went_back:
            continue
        if step % log_every == 0 or trainer.progress == 1:
            recorder.log(reporter)
            recorder.tell_events(reporter)
        recorder.judge_if_due()
        recorder.picture_if_due()
        recorder.state_if_due()
        if recorder.verdict():
            trainer.events.append(f"ended at step {step:,}: {recorder.verdict()}")
            break
        if largest(stop.is_set()):
            recorder.save()
            if recorder.run is not None or processes() > 1:
                raise Interrupted(f"stopped at step {step:,}")
            warnings.warn(f"stopped at step {step:,}: the model is as it is now", stacklevel=3)
            return False
    recorder.save()
    recorder.tell_events(reporter)
    return True
