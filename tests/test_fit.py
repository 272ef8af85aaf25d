from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.diagnose.diagnosis import Diagnosis
from sparring.diagnose.doctor import diagnose
from sparring.diagnose.rules import LEAST_LOOKS
from sparring.errors import ConfigError, DivergedError, InputError, RunError
from sparring.fit import Interrupted, fit
from sparring.kinds.catalogue import KINDS
from sparring.kinds.points import Points
from sparring.kinds.table import Table
from sparring.model import Model
from sparring.plan import HOLDOUT_ROWS, Plan, lasting, plan, reopen, split
from sparring.recorder import Reporter, picture_samples
from sparring.sample import sample
from sparring.train import checkup
from sparring.train.checkup import Checkup
from sparring.train.run import Run, read_lines
from sparring.train.schedule import Schedule
from sparring.train.trainer import Trainer
from tests.conftest import TINY, rows_of, settings_of
from tests.test_sample import same

EVERY = pytest.mark.parametrize("kind", KINDS)


def planned(kind: str, labelled: bool = True, **changes: Any) -> Plan:
    """Six steps, each with its line in the log, and no pictures, which take the longest."""
    settings = {"steps": 6, "log_every_steps": 1, "sample_every_steps": 1_000} | changes
    config = Config(**settings_of(kind, labelled=labelled, **settings))
    return plan(rows_of(kind, labelled=labelled), config)


class At(Reporter):
    """Does something at one step, once."""

    def __init__(self, step: int, act: Callable[[], object]) -> None:
        self.step, self.act = step, act
        self.calls: list[str] = []

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        self.calls.append("begin")

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        self.calls.append(f"{trainer.step}")
        if trainer.step == self.step:
            self.act()

    def finishing(self) -> None:
        self.calls.append("finishing")

    def end(self) -> None:
        self.calls.append("end")


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def losses(run: Run) -> list[tuple[float, float, float]]:
    return [(r["step"], r["critic_loss"], r["generator_loss"]) for r in read_lines(run.log_path)]


def identical(found: Path, expected: Path) -> None:
    """The same weights and steps, to the bit."""
    a, b = Model.load(found), Model.load(expected)
    assert a.steps == b.steps
    for net, other in ((a.G, b.G), (a.D, b.D)):
        for name, tensor in net.state_dict().items():
            assert torch.equal(tensor, other.state_dict()[name]), name


class TestSplit:
    def test_every_row_is_on_one_side(self) -> None:
        rows = Dataset(np.arange(100.0)[:, None], np.arange(100) % 3)
        train, holdout = split(rows, 0.2, seed=0)
        assert (len(train), len(holdout)) == (80, 20)
        assert sorted([*train.x[:, 0], *holdout.x[:, 0]]) == list(range(100))
        for part in (train, holdout):
            assert part.y is not None
            np.testing.assert_array_equal(part.x[:, 0] % 3, part.y)

    def test_the_seed_decides(self) -> None:
        rows = Dataset(np.arange(100.0)[:, None])
        assert split(rows, 0.2, 0)[1].x.tolist() == split(rows, 0.2, 0)[1].x.tolist()
        assert split(rows, 0.2, 0)[1].x.tolist() != split(rows, 0.2, 1)[1].x.tolist()

    @pytest.mark.parametrize(
        ("n", "share", "held"),
        [(2, 0.9, 0), (3, 0.9, 1), (10, 0.0, 0), (60_000, 0.5, HOLDOUT_ROWS)],
    )
    def test_how_many_are_held_out(self, n: int, share: float, held: int) -> None:
        assert len(split(Dataset(np.zeros((n, 1))), share, 0)[1]) == held

    @pytest.mark.parametrize("n", [0, 1])
    def test_too_few(self, n: int) -> None:
        with pytest.raises(InputError, match=f"rows has {n} sample.* at least 2 are needed"):
            split(Dataset(np.zeros((n, 1)), name="rows"), 0.2, 0)

    @pytest.mark.parametrize("labels", [np.arange(10), np.array(list("aaaaaaaabc"), dtype=object)])
    def test_no_class_is_held_out_whole(self, labels: np.ndarray) -> None:
        for seed in range(20):
            train, _ = split(Dataset(np.zeros((10, 1)), labels), 0.5, seed, labels)
            assert train.y is not None
            assert set(train.y) == set(labels)


class TestPlan:
    @EVERY
    def test_two_rows_are_enough(self, kind: str) -> None:
        rows = rows_of(kind).take(np.array([0, 1]))
        model = fit(plan(rows, Config(**TINY)))
        assert len(sample(model, 5)) == 5

    @EVERY
    def test_one_row_is_not(self, kind: str) -> None:
        with pytest.raises(InputError, match=r"data has 1 sample\(s\); at least 2 are needed"):
            plan(rows_of(kind).take(np.array([0])), Config())

    def test_the_encoding_never_sees_the_holdout(self) -> None:
        rows = Dataset(np.arange(100.0)[:, None])
        kind = plan(rows, Config(**TINY)).kind
        train, holdout = split(rows, 0.2, 0)
        assert isinstance(kind, Points)
        assert kind.mean == (train.x.mean(),)
        frame = pd.DataFrame({"x": np.arange(100), "text": [f"{i}" for i in range(100)]})
        table = plan(
            Dataset(frame), Config(**TINY, types=("text=categorical",), min_count=1)
        ).kind
        assert isinstance(table, Table)
        seen = {str(int(value)) for value in table.layout.ranks[0].distribution.values}
        seen |= {text for column in table.to_dict()["columns"] for text in column.get("values", ())}
        assert len(seen) == 80
        assert not seen & set(map(str, holdout.x[:, 0].astype(int)))

    def test_a_missing_label_is_named_by_its_row_in_the_file(self) -> None:
        frame = pd.DataFrame({"x": np.arange(50), "y": ["a", "b"] * 25})
        frame.loc[37, "y"] = None
        with pytest.raises(InputError, match=r"y: row 37 \(from 0\) has no label"):
            plan(Dataset(frame), Config(target="y"))

    @pytest.mark.parametrize(
        "name", ["network", "loss", "penalty", "optimizer", "schedule", "activation", "precision"]
    )
    def test_an_unknown_name_is_told_before_training(self, name: str) -> None:
        with pytest.raises(ConfigError, match=rf"unknown {name} 'odd' \(valid: "):
            plan(rows_of("points"), Config(**TINY | {name: "odd"}))

    def test_where_rows_are_found_again(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.chdir(tmp_path)
        assert lasting("digits") == "digits"
        assert lasting("mnist:test") == "mnist:test"
        assert lasting(Path("digits")) == str(tmp_path / "digits")
        assert lasting("a/b.csv") == str(tmp_path / "a" / "b.csv")
        assert lasting("idx:test") == str(tmp_path / "idx") + ":test"
        assert lasting("/a/b.csv") == "/a/b.csv"


class TestReopen:
    @pytest.mark.parametrize("target", [None, "y"])
    def test_the_same_split_comes_back(self, target: str | None, tmp_path: Path) -> None:
        frame = pd.DataFrame({"x": np.arange(50.0), "y": [*["a", "b"] * 24, "c", "d"]})
        frame.to_csv(tmp_path / "a.csv", index=False)
        rows = open_source(tmp_path / "a.csv", target=target)
        made = plan(rows, Config(**TINY, target=target), tmp_path / "a.csv")
        train, holdout = reopen(fit(made))
        same(train, made.train)
        same(holdout, made.holdout)

    def test_other_rows_are_refused(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", np.arange(20.0)[:, None])
        made = plan(open_source(tmp_path / "a.npy"), Config(**TINY), tmp_path / "a.npy")
        model = fit(made)
        np.save(tmp_path / "a.npy", np.arange(1, 21.0)[:, None])
        with pytest.raises(InputError, match=r"a\.npy holds other rows than the model was trained"):
            reopen(model)
        (tmp_path / "a.npy").unlink()
        with pytest.raises(InputError, match=r"no such file or folder: .*a\.npy"):
            reopen(model)

    def test_rows_in_memory_are_gone(self) -> None:
        with pytest.raises(InputError, match="the model was trained on rows in memory"):
            reopen(fit(planned("points")))


class TestFit:
    @EVERY
    def test_the_same_seed_gives_the_same_bits(self, kind: str) -> None:
        same(sample(fit(planned(kind)), 20), sample(fit(planned(kind)), 20))

    def test_the_global_random_state_is_left_alone(self) -> None:
        before = torch.get_rng_state()
        numpy_before = np.random.get_state()[1]
        fit(planned("points", critic_dropout=0.5))
        assert torch.equal(torch.get_rng_state(), before)
        np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)

    def test_what_a_run_leaves_behind(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        model = fit(planned("points", sample_every_steps=4), run)
        assert [r["step"] for r in read_lines(run.log_path)] == [1, 2, 3, 4, 5, 6]
        assert [path.name for path in run.samples.iterdir()] == ["step-0000004.png"]
        assert [path.name for path in run.states.iterdir()] == ["step-000000006.pt"]
        assert Model.load(run.path).steps == model.steps == 6
        assert json.loads((run.path / "config.json").read_text())["steps"] == 6

    def test_pictures_are_drawn_at_every_tenth(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        fit(plan(rows_of("image"), Config(**TINY | {"steps": 25})), run)
        assert sorted(int(path.stem[5:]) for path in run.samples.iterdir()) == [
            3, 5, 8, 10, 13, 15, 18, 20, 23, 25,
        ]  # fmt: skip

    @pytest.mark.parametrize("budget", [{"steps": 5}, {"epochs": 1.0}, {"minutes": 1e-4}])
    def test_every_budget_counts_its_steps(self, budget: dict[str, float], tmp_path: Path) -> None:
        settings = {k: v for k, v in TINY.items() if k != "steps"} | budget
        run = Run.create(tmp_path / "run")
        model = fit(plan(rows_of("points"), Config(**settings)), run)
        assert model.steps == Model.load(run.path).steps == [*read_lines(run.log_path)][-1]["step"]
        expected = {"steps": 5, "epochs": 6}  # 48 rows in batches of 8
        assert model.steps == expected.get(next(iter(budget)), model.steps)

    def test_the_reporter_is_told_what_takes_time_after_the_steps(self) -> None:
        reporter = At(0, lambda: None)
        fit(planned("points", steps=2), reporter=reporter)
        assert reporter.calls == ["begin", "1", "2", "finishing", "end"]

    def test_the_reporter_is_always_told_the_end(self) -> None:
        def fail() -> None:
            raise ValueError("stop")

        reporter = At(2, fail)
        with pytest.raises(ValueError, match="stop"):
            fit(planned("points"), reporter=reporter)
        assert reporter.calls == ["begin", "1", "2", "end"]

    def test_pictures_of_flat_rows_have_the_shares_of_training(self) -> None:
        y = (np.arange(1_000) < 100).astype(int)
        rows = Dataset(np.random.default_rng(0).normal(size=(1_000, 2)), y)
        shown = picture_samples(fit(plan(rows, Config(**TINY))))
        assert len(shown) == 2_000
        assert shown.y is not None
        assert shown.y.mean() == pytest.approx(0.1, abs=0.03)

    def test_pictures_of_images_show_every_class(self) -> None:
        shown = picture_samples(fit(planned("image")))
        assert shown.y is not None
        assert shown.y.tolist() == ["a"] * 10 + ["b"] * 10 + ["c"] * 10


class TestResume:
    @EVERY
    def test_a_resumed_run_is_the_uninterrupted_one_to_the_bit(
        self, kind: str, tmp_path: Path
    ) -> None:
        whole, broken = Run.create(tmp_path / "whole"), Run.create(tmp_path / "broken")
        settings = {"critic_dropout": 0.3} if kind != "image" else {}
        fit(planned(kind, **settings), whole)
        for step in (2, 5):
            resume = step > 2
            with pytest.raises(Interrupted, match=f"stopped at step {step}"):
                fit(planned(kind, **settings), broken, resume=resume, reporter=At(step, interrupt))
            assert Model.load(broken.path).steps == step
        fit(planned(kind, **settings), broken, resume=True)
        identical(broken.path, whole.path)
        assert losses(broken) == losses(whole)

    def test_a_killed_run_goes_on_from_its_last_state(self, tmp_path: Path) -> None:
        """What the log tells of the steps after it is made again, and is the same."""
        whole, broken = Run.create(tmp_path / "whole"), Run.create(tmp_path / "broken")
        fit(planned("points"), whole)

        class Killed(BaseException):
            pass

        def kill() -> None:
            raise Killed

        with pytest.raises(Interrupted):
            fit(planned("points"), broken, reporter=At(2, interrupt))
        with pytest.raises(Killed):
            fit(planned("points"), broken, resume=True, reporter=At(5, kill))
        assert Model.load(broken.path).steps == 2
        model = fit(planned("points"), broken, resume=True)
        identical(broken.path, whole.path)
        assert losses(broken) == losses(whole)
        assert model.steps == 6

    def test_a_run_killed_before_its_first_state_starts_again(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")

        def fail() -> None:
            raise ValueError("stop")

        with pytest.raises(ValueError, match="stop"):
            fit(planned("points"), run, reporter=At(3, fail))
        fit(planned("points"), run, resume=True)
        assert [r["step"] for r in read_lines(run.log_path)] == [1, 2, 3, 4, 5, 6]

    def test_a_finished_run_has_nothing_left_to_do(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        model = fit(planned("points"), run)
        same(sample(fit(planned("points"), run, resume=True), 9), sample(model, 9))

    def test_other_settings_are_refused_and_shown(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        fit(planned("points"), run)
        with pytest.raises(ConfigError, match=r"other settings \(width: 8 -> 9, seed: 0 -> 1\)"):
            fit(planned("points", width=9, seed=1), run, resume=True)

    def test_settings_of_the_machine_and_the_record_may_change(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        fit(planned("points"), run)
        made = planned("points", threads=1, state_every_seconds=9.0)
        config = dataclasses.replace(made.config, device="auto", log_every_steps=3)
        fit(dataclasses.replace(made, config=config), run, resume=True)

    def test_other_rows_are_refused(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        made = planned("points")
        fit(made, run)
        rows = rows_of("points", labelled=True, seed=1)
        with pytest.raises(RunError, match="was started on other rows than data holds now"):
            fit(plan(rows, Config(**TINY | {"steps": 6, "log_every_steps": 1})), run, resume=True)


class TestStop:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_saves_and_stops(self, number: signal.Signals, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        before = signal.getsignal(number)
        reporter = At(3, lambda: signal.raise_signal(number))
        with pytest.raises(Interrupted, match="stopped at step 3"):
            fit(planned("points"), run, reporter=reporter)
        assert reporter.calls == ["begin", "1", "2", "3", "end"]
        assert Model.load(run.path).steps == 3
        assert [path.name for path in run.states.iterdir()] == ["step-000000003.pt"]
        assert signal.getsignal(number) is before

    def test_another_thread_leaves_signals_alone(self) -> None:
        models = []
        thread = threading.Thread(target=lambda: models.append(fit(planned("points"))))
        thread.start()
        thread.join()
        assert models[0].steps == 6


WILD = {"optimizer": "sgd", "learning_rate": 1e30, "critic_learning_rate": 1e30}


class TestDivergence:
    def test_a_loss_that_is_not_finite_stops_the_run(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        with pytest.raises(DivergedError, match=r"at step \d.*keeps the model of step 0; try a"):
            fit(planned("points", **WILD), run)
        model = Model.load(run.path)
        assert all(torch.isfinite(p).all() for p in model.G.parameters())

    def test_the_last_good_state_is_kept(self, tmp_path: Path, monkeypatch: Any) -> None:
        run = Run.create(tmp_path / "run")
        made = planned("points", state_every_seconds=0, rollbacks=0)
        build = Plan.build

        def doomed(self: Plan) -> Trainer:
            trainer = build(self)
            at = trainer.schedule.at
            calls = iter(range(100))

            def wild(_: Schedule, *now: float) -> Any:
                fine = next(calls) < 6  # two a step: one for the step, one for the log
                return dataclasses.replace(at(*now), **{} if fine else {"gamma": torch.inf})

            monkeypatch.setattr(Schedule, "at", wild)
            return trainer

        monkeypatch.setattr(Plan, "build", doomed)
        with pytest.raises(DivergedError, match=r"at step 4; .*run keeps the model of step 3"):
            fit(made, run)
        assert sorted(path.name for path in run.states.iterdir()) == [
            "step-000000002.pt",
            "step-000000003.pt",
        ]
        assert Model.load(run.path).steps == 3

    def test_a_rollback_is_told_and_its_steps_are_logged_once(
        self, tmp_path: Path, monkeypatch: Any
    ) -> None:
        run = Run.create(tmp_path / "run")
        build, told = Plan.build, []

        class Told(Reporter):
            def event(self, text: str) -> None:
                told.append(text)

        def sick_once(self: Plan) -> Trainer:
            trainer = build(self)
            step = trainer._step

            def once() -> None:
                if trainer.step == 3 and trainer.slowdown == 1:
                    next(trainer.D.parameters()).data.fill_(torch.nan)
                step()

            monkeypatch.setattr(trainer, "_step", once)
            return trainer

        monkeypatch.setattr(Plan, "build", sick_once)
        made = planned("points", log_every_steps=1)
        model = fit(made, run, reporter=Told())
        assert model.steps == made.config.steps
        (text,) = told
        assert text.startswith("the critic's loss became nan at step 4: back to step 0")
        assert [e["event"] for e in read_lines(run.events_path)] == told
        steps = [r["step"] for r in read_lines(run.log_path)]
        assert steps == list(range(1, model.steps + 1))

    def test_its_log_says_that_it_diverged(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        with pytest.raises(DivergedError):
            fit(planned("points", **WILD), run)
        found = diagnose(run.path)
        assert found.verdict == "diverged"
        assert found.evidence[0].value == 1 + WILD.get("rollbacks", 3)
        assert set(found.remedy) >= {"learning_rate"}

    def test_a_parameter_that_is_not_finite_is_never_saved(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        trainers: list[Trainer] = []

        class Poison(Reporter):
            def begin(self, plan: Plan, trainer: Trainer) -> None:
                trainers.append(trainer)

            def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
                if trainer.step == 6:
                    next(trainer.D.parameters()).data.fill_(torch.nan)

        with pytest.raises(DivergedError, match=r"a parameter is not finite at step 6; .*step 0"):
            fit(planned("points"), run, reporter=Poison())
        assert not list(run.states.iterdir())

    def test_without_a_run_the_remedy_is_named(self) -> None:
        with pytest.raises(DivergedError, match=r"; try a lower learning_rate or a higher gamma$"):
            fit(planned("points", **WILD))


def test_a_directory_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    (run.path / "schema.json").mkdir()
    with pytest.raises(RunError, match=r"schema\.json: cannot be written"):
        fit(planned("points"), run)


class Impatient(Reporter):
    """Presses Ctrl-C at the second step."""

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        if record["step"] == 2:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_without_a_run_directory_keeps_the_model() -> None:
    config = Config(**settings_of("points", steps=9, log_every_steps=1))
    with pytest.warns(UserWarning, match="stopped at step 2: the model is as it is now"):
        model = fit(plan(rows_of("points"), config), reporter=Impatient())
    assert model.steps == 2


def test_a_table_of_numbers_can_be_points_and_points_a_table() -> None:
    points = rows_of("points", labelled=True)
    table = plan(points, Config(**TINY, kind="table")).train.x
    assert list(table.columns) == ["x0", "x1", "label"]
    again = plan(Dataset(table), Config(**TINY, kind="points"))
    assert again.train.x.shape[1] == 2
    assert set(again.train.y) == {"a", "b", "c"}


class Hears(Reporter):
    """Keeps the doctor's words, and what a person is told."""

    def __init__(self) -> None:
        self.verdicts: list[str] = []
        self.events: list[str] = []

    def diagnosis(self, found: Diagnosis) -> None:
        self.verdicts.append(found.verdict)

    def event(self, text: str) -> None:
        self.events.append(text)


class TestTheDoctorSpeaks:
    @pytest.fixture(autouse=True)
    def _looks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """At every step; samples of a G that has just begun may be alike, so it takes one more."""
        monkeypatch.setattr(checkup, "LEAST_STEPS", 1)

    def test_of_a_collapse_once_and_at_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked = Checkup.look

        def collapsed(self: Checkup, step: int, progress: float) -> dict[str, float]:
            return looked(self, step, progress) | COLLAPSED

        monkeypatch.setattr(Checkup, "look", collapsed)
        run, heard = Run.create(tmp_path / "run"), Hears()
        fit(planned("points", steps=8), run, reporter=heard)
        early, soon = ["too early to tell"] * (LEAST_LOOKS - 1), ["under-trained"]
        assert heard.verdicts == early + soon + ["collapsed"] * (8 - LEAST_LOOKS)
        (text,) = heard.events
        assert text.startswith(f"step {LEAST_LOOKS + 1}: collapsed: nearly all samples are alike (")
        assert [e["event"] for e in read_lines(run.events_path)] == [text]
        assert diagnose(run.path).verdict == "collapsed"

    def test_and_of_a_resumed_run_it_knows_the_past(self, tmp_path: Path) -> None:
        run = Run.create(tmp_path / "run")
        with pytest.raises(Interrupted):
            fit(planned("points", steps=8), run, reporter=At(4, press))
        heard = Hears()
        fit(planned("points", steps=8), run, resume=True, reporter=heard)
        assert len(heard.verdicts) == 4
        assert "too early to tell" not in heard.verdicts


# What a look at a collapsed run finds.
COLLAPSED = {
    "spread": 0.0, "cell_entropy": 0.0, "cells_missed": 1.0, "distance": 9.0, "movement": 0.5,
    "turning": 0.5, "gradient_share": 0.5, "train_preference": 0.5, "copies": 0.0,
}  # fmt: skip


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def hung_up() -> None:
    raise BrokenPipeError


def test_who_stops_listening_in_the_middle_costs_no_step(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    with pytest.raises(BrokenPipeError):
        fit(planned("points"), run, reporter=At(3, hung_up))
    state = run.load_state()
    assert state is not None
    assert state["step"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_can_be_stopped_while_its_model_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    whole = fit(planned("points"), Run.create(tmp_path / "whole"))
    run = Run.create(tmp_path / "run")
    with monkeypatch.context() as patched:
        patched.setattr("sparring.fit.finished", lambda *_: signal.raise_signal(number))
        with pytest.raises(Interrupted, match="stopped while the model was being finished"):
            fit(planned("points"), run)
    assert not Model.load(run.path).ended
    (run.path / "model.safetensors").write_bytes(b"damaged")  # the state holds all there is
    same(sample(fit(planned("points"), run, resume=True), 9), sample(whole, 9))
    assert Model.load(run.path).ended


def test_a_table_is_learnt_without_what_judges_and_draws() -> None:
    code = (
        "import sys, pandas as pd\n"
        "from sparring.config import Config\n"
        "from sparring.data.source import open_source\n"
        "from sparring.fit import fit\n"
        "from sparring.plan import plan\n"
        "from sparring.sample import sample\n"
        "frame = pd.DataFrame({'x': range(40), 'c': ['a', 'b'] * 20})\n"
        "sample(fit(plan(open_source(frame), Config(steps=2, engine='eager'))), 5)\n"
        "slow = {'sklearn', 'matplotlib', 'scipy.optimize'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
