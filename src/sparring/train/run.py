"""The run directory: everything a run leaves behind, each file whole or not at all.

config.json        every setting, resolved
schema.json        what the kind learnt of the data, and where the data came from
log.jsonl          losses and settings, a line every `log_every_steps`, signals now and then
events.jsonl       what a person should know: rollbacks, a collapse, a resume elsewhere
metrics.jsonl      scores beside their floors, a line per evaluation
samples/           pictures of what G draws as it learns
model.safetensors  averaged G and D
state/             what a resume needs, the last two
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from sparring.errors import RunError, listed
from sparring.files import write_whole

KEEP_STATES = 2  # the older one is for when the disk damages the newer
DIGEST = 32  # bytes


class Run:
    """A run directory at `path`, made by `create` or found by `open`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log_path = path / "log.jsonl"
        self.events_path = path / "events.jsonl"
        self.metrics_path = path / "metrics.jsonl"
        self.samples = path / "samples"
        self.states = path / "state"

    @classmethod
    def create(cls, path: str | Path) -> Run:
        """Make a new run directory.

        Raises:
            RunError: it exists and holds more than a run that ended before it saved anything, or it
                cannot be made.
        """
        path, run = Path(path), cls(Path(path))
        if path.exists() and (not path.is_dir() or any(path.iterdir())) and not run.is_blank():
            raise RunError(f"{path} exists: continue it with --resume, or name another --run")
        try:
            run.samples.mkdir(parents=True, exist_ok=True)
            run.states.mkdir(exist_ok=True)
            run.log_path.touch()
        except OSError as error:
            raise RunError(f"{path}: cannot be written ({error.strerror})") from None
        return run

    def is_blank(self) -> bool:
        """Whether a run was begun in this directory and nothing of it is left to lose."""
        names = {entry.name for entry in self.path.iterdir()} if self.path.is_dir() else set()
        folders, log = (self.samples, self.states), self.log_path
        skeleton = {log.name, *(folder.name for folder in folders)}
        if skeleton <= names:  # only then a run writes these, at first beside their places
            names -= {"config.json", "schema.json"}
            names = {name for name in names if not re.fullmatch(r"\..+\.\d+\.tmp", name)}
        return (
            bool(names) and names <= skeleton
            and not (log.exists() and (not log.is_file() or log.stat().st_size))
            and all(folder.is_dir() and not any(folder.iterdir())
                    for folder in folders if folder.exists())
        )  # fmt: skip

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Find an existing run directory.

        Raises:
            RunError: there is none.
        """
        path = Path(path)
        if not path.is_dir():
            raise RunError(f"{path}: no such run directory")
        if not (path / "config.json").is_file():
            raise RunError(f"{path} is no run directory: it has no config.json")
        return cls(path)

    def append(self, path: Path, record: dict[str, Any]) -> None:
        """Add one line to a .jsonl file of this run.

        Raises:
            RunError: it cannot be written.
        """
        line = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            with path.open("ab+") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    # A kill can tear the last line: start beside it, not in it.
                    line = line if file.read(1) == b"\n" else "\n" + line
                file.write(line.encode())
        except OSError as error:
            raise RunError(f"{path}: cannot be written ({error.strerror})") from None

    def rewind_log(self, step: int) -> None:
        """Drop what the log tells of steps after `step`: they will be made again."""
        kept = [r for r in read_lines(self.log_path) if r["step"] <= step]
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
        write_whole(self.log_path, lambda file: file.write(text.encode()))

    def save_state(self, state: dict[str, Any]) -> None:
        """Add the state of step `state["step"]` and forget all but the last two.

        Raises:
            RunError: it cannot be written; the states before it stay.
        """
        path = self.states / f"step-{state['step']:09d}.pt"
        buffer = io.BytesIO()
        torch.save(state, buffer)
        data = buffer.getvalue()
        try:
            self.states.mkdir(exist_ok=True)
            write_whole(path, lambda file: file.write(data + digest(data)))
            # A later step is of a future that this run, resumed before it, no longer has.
            files = self._state_files()
            kept = [file for file in files if file.name <= path.name][:KEEP_STATES]
            for other in (set(files) - set(kept)).union(self.states.glob(".step-*.tmp")):
                other.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"{self.states}: cannot be written ({error.strerror})") from None

    def load_state(self) -> dict[str, Any] | None:
        """The newest undamaged state, or None when there is none yet.

        Raises:
            RunError: there are states and none can be read.
        """
        files = self._state_files()
        for path in files:
            with contextlib.suppress(OSError, pickle.UnpicklingError):
                data = path.read_bytes()
                # torch.load reads a state with a flipped bit without a word.
                if digest(data[:-DIGEST]) == data[-DIGEST:]:
                    content = io.BytesIO(data[:-DIGEST])
                    state: dict[str, Any] = torch.load(content, "cpu", weights_only=True)
                    return state
        if files:
            names = listed(path.name for path in files)
            raise RunError(f"{self.states}: no saved state can be read (corrupt: {names})")
        return None

    def _state_files(self) -> list[Path]:
        return sorted(self.states.glob("step-*.pt"), reverse=True)


def digest(data: bytes) -> bytes:
    """What stands at the end of a state file, to tell a whole one from a damaged one."""
    return hashlib.sha256(data).digest()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a .jsonl file without a line that a kill tore; none when there is no file."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(line)


def free_path(parent: Path, stem: str) -> Path:
    """`parent/stem`, or the first of stem-2, stem-3, ... that does not exist."""
    path, count = parent / stem, 1
    while path.exists():
        count += 1
        path = parent / f"{stem}-{count}"
    return path
