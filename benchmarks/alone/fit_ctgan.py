"""CTGAN on a CSV file, at its own defaults: run by the Python of an environment that has it.

`python fit_ctgan.py ROWS.csv SAMPLES.csv SEED` prints what it took, as JSON. It lies in a folder of
its own, because Python looks for modules beside a script first.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN


def main(rows: str, samples: str, seed: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    np.random.seed(seed)
    frame = pd.read_csv(rows)
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    before = sum(os.times()[:4])
    model = CTGAN(enable_gpu=False)
    model.fit(frame, texts)
    seconds = sum(os.times()[:4]) - before
    before = time.process_time()
    made = model.sample(len(frame))
    rate = len(frame) / (time.process_time() - before)
    with open("/proc/self/status") as status:
        (line,) = (text for text in status if text.startswith("VmHWM"))
    made.to_csv(samples, index=False)
    gigabytes = int(line.split()[1]) * 1024 / 1e9
    print(json.dumps({"seconds": seconds, "gigabytes": gigabytes, "rate": rate}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
