"""The run directory: nothing in it is ever half-written, and the last good state survives."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from sparring.errors import RunError
from sparring.train import run as module
from sparring.train.run import Run, free_path, read_lines


def state(step: int) -> dict[str, Any]:
    return {"step": step, "weights": torch.arange(200.0) + step, "rates": (0.1, 0.9)}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run")


def names(run: Run) -> list[str]:
    return sorted(path.name for path in run.states.iterdir())


def newest(run: Run) -> Path:
    return run.states / names(run)[-1]


def loaded_step(run: Run) -> int:
    loaded = run.load_state()
    assert loaded is not None
    assert torch.equal(loaded["weights"], torch.arange(200.0) + loaded["step"])
    return int(loaded["step"])


def no_space(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_new_run_has_its_places(run: Run) -> None:
    assert run.samples.is_dir()
    assert run.states.is_dir()
    assert run.log_path.read_text() == ""
    assert run.load_state() is None


def test_an_empty_folder_can_become_a_run(tmp_path: Path) -> None:
    run = Run.create(tmp_path)
    run.append(run.log_path, {"step": 1})
    with pytest.raises(RunError, match="exists: continue it with --resume"):
        Run.create(tmp_path)


def test_what_ended_before_it_saved_anything_can_become_a_run(run: Run) -> None:
    (run.path / "config.json").write_text("{}")
    assert Run.create(run.path).path == run.path
    (run.path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="exists: continue it with --resume"):
        Run.create(run.path)
    (run.path / "notes.txt").unlink()
    run.save_state({"step": 1})
    with pytest.raises(RunError, match="exists: continue it with --resume"):
        Run.create(run.path)


def test_a_folder_that_holds_settings_alone_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match="exists: continue it with --resume"):
        Run.create(tmp_path)


def test_a_file_cannot_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RunError, match="run exists"):
        Run.create(tmp_path / "run")


def test_a_run_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written \(Not a directory\)"):
        Run.create(tmp_path / "file" / "run")


def test_only_a_run_can_be_opened(tmp_path: Path, run: Run) -> None:
    with pytest.raises(RunError, match="no such run directory"):
        Run.open(tmp_path / "none")
    with pytest.raises(RunError, match=r"it has no config\.json"):
        Run.open(tmp_path)
    (run.path / "config.json").write_text("{}")
    assert Run.open(str(run.path)).states == run.states


def test_two_states_are_kept_and_the_newest_is_loaded(run: Run) -> None:
    for step in (5, 10, 100, 1000):
        run.save_state(state(step))
        assert loaded_step(run) == step
    assert names(run) == ["step-000000100.pt", "step-000001000.pt"]


def test_the_same_step_can_be_saved_again(run: Run) -> None:
    run.save_state(state(5))
    run.save_state(state(5))
    assert names(run) == ["step-000000005.pt"]


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "zeroed", "other"])
def test_a_damaged_newest_state_falls_back_to_the_one_before(run: Run, damage: str) -> None:
    run.save_state(state(5))
    run.save_state(state(10))
    data = bytearray(newest(run).read_bytes())
    middle = len(data) // 2
    if damage == "flipped":
        data[middle] ^= 1
    elif damage == "zeroed":
        data[middle : middle + 512] = bytes(512)
    newest(run).write_bytes(
        {"cut": data[:middle], "empty": b"", "other": b"hello"}.get(damage, bytes(data))
    )
    assert loaded_step(run) == 5
    # Training goes on before the damaged state: it must not be what is kept.
    run.save_state(state(7))
    assert names(run) == ["step-000000005.pt", "step-000000007.pt"]
    assert loaded_step(run) == 7


def test_no_readable_state_is_an_error(run: Run) -> None:
    for step in (5, 10):
        run.save_state(state(step))
    for path in run.states.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"corrupt: step-000000010\.pt, step-000000005\.pt"):
        run.load_state()


def test_no_code_is_ever_read(run: Run) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(run.path / "sprung"),))

    run.save_state({"step": 5, "trap": Trap()})
    with pytest.raises(RunError, match="no saved state can be read"):
        run.load_state()
    assert not (run.path / "sprung").exists()


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_full_disk_leaves_the_last_good_states(
    run: Run, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    run.save_state(state(5))
    run.save_state(state(10))
    with monkeypatch.context() as patch:
        patch.setattr(os, where, no_space)
        with pytest.raises(RunError, match=r"cannot be written \(No space left on device\)"):
            run.save_state(state(15))
    assert names(run) == ["step-000000005.pt", "step-000000010.pt"]
    assert loaded_step(run) == 10
    run.save_state(state(15))
    assert loaded_step(run) == 15


def test_what_a_killed_save_left_is_swept(run: Run) -> None:
    (run.states / ".step-000000005.pt.99.tmp").write_bytes(b"half")
    (run.states / "mine.txt").write_text("a note")
    run.save_state(state(10))
    assert names(run) == ["mine.txt", "step-000000010.pt"]


def test_a_lost_state_folder_is_made_again(run: Run) -> None:
    run.states.rmdir()
    run.save_state(state(5))
    assert loaded_step(run) == 5


def test_a_state_folder_that_cannot_be_made_is_an_error(run: Run) -> None:
    run.states.rmdir()
    run.states.write_text("a file")
    with pytest.raises(RunError, match="state: cannot be written"):
        run.save_state(state(5))


def test_lines_are_appended_and_read(run: Run) -> None:
    records = [{"step": 1, "name": "größe"}, {"step": 2, "name": "x"}]
    for record in records:
        run.append(run.log_path, record)
    assert list(read_lines(run.log_path)) == records
    assert "größe" in run.log_path.read_text(encoding="utf-8")


def test_a_log_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize("cut", [1, 2, 5, 12])
def test_a_torn_last_line_is_left_out_and_not_written_into(run: Run, cut: int) -> None:
    run.append(run.metrics_path, {"step": 1})
    run.append(run.metrics_path, {"name": "größe und länge"})
    run.metrics_path.write_bytes(run.metrics_path.read_bytes()[: -1 - cut])
    assert list(read_lines(run.metrics_path)) == [{"step": 1}]
    run.append(run.metrics_path, {"step": 3})
    assert list(read_lines(run.metrics_path)) == [{"step": 1}, {"step": 3}]


def test_a_last_line_without_its_end_is_whole(run: Run) -> None:
    run.log_path.write_text('{"step": 1}')
    run.append(run.log_path, {"step": 2})
    assert [record["step"] for record in read_lines(run.log_path)] == [1, 2]


def test_every_cut_of_a_log_leaves_whole_records(run: Run) -> None:
    records = [{"step": i, "name": "ü"} for i in range(3)]
    for record in records:
        run.append(run.log_path, record)
    data = run.log_path.read_bytes()
    for length in range(len(data)):
        run.log_path.write_bytes(data[:length])
        left = list(read_lines(run.log_path))
        assert left == records[: len(left)]


def test_a_log_is_rewound_to_the_state_that_is_resumed(run: Run) -> None:
    for step in (25, 50, 75):
        run.append(run.log_path, {"step": step})
    with run.log_path.open("a") as file:
        file.write('{"step": 1')
    run.rewind_log(50)
    assert run.log_path.read_text() == '{"step": 25}\n{"step": 50}\n'
    run.rewind_log(0)
    assert run.log_path.read_text() == ""


def test_a_lost_log_is_begun_again(run: Run) -> None:
    run.log_path.unlink()
    run.rewind_log(50)
    assert run.log_path.read_text() == ""


def test_a_log_that_cannot_be_written_is_an_error(run: Run) -> None:
    with pytest.raises(RunError, match=r"cannot be written \(Is a directory\)"):
        run.append(run.samples, {"step": 1})


def test_a_full_disk_under_the_log_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.append(run.log_path, {"step": 1})
    monkeypatch.setattr(Path, "open", no_space)
    with pytest.raises(RunError, match=r"log\.jsonl: cannot be written \(No space left"):
        run.append(run.log_path, {"step": 2})
    monkeypatch.undo()
    assert [json.loads(line) for line in run.log_path.read_text().splitlines()] == [{"step": 1}]


def test_a_digest_is_as_long_as_it_says() -> None:
    assert len(module.digest(b"")) == module.DIGEST


def test_free_names_count_up(tmp_path: Path) -> None:
    for expected in ("demo", "demo-2", "demo-3"):
        path = free_path(tmp_path, "demo")
        assert path == tmp_path / expected
        path.mkdir()
