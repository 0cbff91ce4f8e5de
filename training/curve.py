"""Draw the loss curve of a run of train.py.

python curve.py --run runs/score --out loss-curve.png
"""

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", default="runs/score", help="folder of the run")
    parser.add_argument("--out", default="loss-curve.png")
    args = parser.parse_args()
    rows = list(csv.DictReader((Path(args.run) / "loss.csv").open()))
    tested = [row for row in rows if row["test_loss_ema"]]

    figure, axes = pyplot.subplots(figsize=(6, 3), dpi=100, layout="constrained")
    axes.plot(
        [int(row["step"]) for row in rows],
        [float(row["loss"]) for row in rows],
        lw=0.8,
        color="0.6",
        label="training, mean of 100 steps",
    )
    axes.plot(
        [int(row["step"]) for row in tested],
        [float(row["test_loss_ema"]) for row in tested],
        color="tab:blue",
        label="test split, averaged weights",
    )
    axes.set(xlabel="step", ylabel="|F - target|² a pixel", yscale="log", ylim=(None, 0.4))
    axes.legend(frameon=False)
    axes.grid(which="both", lw=0.3)
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
