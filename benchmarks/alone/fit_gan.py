"""The GAN on a CSV file, at its own defaults: the counterpart of fit_ctgan.py.

`python fit_gan.py ROWS.csv SAMPLES.csv SEED [MINUTES]` prints what it took, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time

import pandas as pd

from sparring import GAN


def main(rows: str, samples: str, seed: int, minutes: float | None = None) -> None:
    frame = pd.read_csv(rows)
    before = sum(os.times()[:4])
    gan = GAN(holdout=0.0, seed=seed, threads=1, engine="traced", minutes=minutes)
    gan.fit(frame)
    seconds = sum(os.times()[:4]) - before
    before = time.process_time()
    made = gan.sample(len(frame))
    rate = len(frame) / (time.process_time() - before)
    with open("/proc/self/status") as status:
        (line,) = (text for text in status if text.startswith("VmHWM"))
    made.to_csv(samples, index=False)
    gigabytes = int(line.split()[1]) * 1024 / 1e9
    print(json.dumps({"seconds": seconds, "gigabytes": gigabytes, "rate": rate}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(float, sys.argv[4:]))
