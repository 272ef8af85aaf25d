"""CTGAN or the GAN on a CSV file, each at its own defaults, by a Python that has it.

`python fit_rows.py METHOD ROWS.csv SAMPLES.csv SEED [MINUTES]` prints what it took, as JSON. It
lies in a folder of its own, because Python looks for modules beside a script first.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import pandas as pd

Draw = Callable[[int], pd.DataFrame]


def ctgan(seed: int, minutes: float | None) -> Callable[[pd.DataFrame], Draw]:
    import numpy as np
    import torch
    from ctgan import CTGAN

    def fit(frame: pd.DataFrame) -> Draw:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        np.random.seed(seed)
        texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
        model = CTGAN(enable_gpu=False)
        model.fit(frame, texts)
        return model.sample  # type: ignore[no-any-return]

    return fit


def gan(seed: int, minutes: float | None) -> Callable[[pd.DataFrame], Draw]:
    from sparring import GAN

    model = GAN(holdout=0.0, seed=seed, threads=1, engine="traced", minutes=minutes)
    return lambda frame: model.fit(frame).sample


def main(method: str, rows: str, samples: str, seed: int, minutes: float | None = None) -> None:
    fit, frame = {"ctgan": ctgan, "gan": gan}[method](seed, minutes), pd.read_csv(rows)
    before = sum(os.times()[:4])
    draw = fit(frame)
    seconds = sum(os.times()[:4]) - before
    before = time.process_time()
    made = draw(len(frame))
    rate = len(frame) / (time.process_time() - before)
    with open("/proc/self/status") as status:
        (line,) = (text for text in status if text.startswith("VmHWM"))
    made.to_csv(samples, index=False)
    gigabytes = int(line.split()[1]) * 1024 / 1e9
    print(json.dumps({"seconds": seconds, "gigabytes": gigabytes, "rate": rate}))


if __name__ == "__main__":
    name, source, target, number, *most = sys.argv[1:]
    main(name, source, target, int(number), *map(float, most))
