"""Write into a model's manifest how likely it finds held-out pictures.

    python held_out.py --pictures cifar10 --data cifar10 --out runs/held-out
    npx scorestream likelihood --model cifar10 --seed 1 --json runs/held-out/*.png > bits.ndjson
    python evaluation.py --model ../models/cifar10 --bits bits.ndjson --of "CIFAR-10's test split"

`evaluation.heldOutBitsPerDim`: mean, quantiles of 5 % and 95 %, count, and with what it
was measured. Prints it, with the standard error of the mean.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np


def read_bits(path: Path) -> tuple[list[float], dict]:
    """Bits per dimension of each result, and the last event of the job, which has its settings, of
    `scorestream likelihood --json`. Raises SystemExit if the job did not complete."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    completed = [event for event in events if event["event"] == "completed"]
    if not completed:
        raise SystemExit(f"{path}: no `completed` event, expected the whole output of --json")
    return [e["bitsPerDim"] for e in events if e["event"] == "result"], completed[0]


def measured_with(completed: dict) -> str:
    """A sentence of the settings as the job used them."""
    flow, used = completed["sampler"]["probabilityFlow"], completed["likelihood"]
    probes, draws = used["probes"], used["dequantizations"]
    adaptive = flow["solver"] == "rk45"
    accuracy = f"at {flow['absoluteTolerance']:g}" if adaptive else f"of {flow['steps']} steps"
    return (
        f"{flow['solver']} {accuracy}, {probes} {used['probe'].capitalize()} probe"
        f"{'s' * (probes != 1)}, {draws} dequantization{'s' * (draws != 1)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--model", required=True, type=Path, help="the model's folder")
    add("--bits", required=True, type=Path, help="the output of scorestream likelihood --json")
    add("--of", required=True, help="what the pictures are")
    args = parser.parse_args()
    bits, completed = read_bits(args.bits)
    low, high = np.quantile(bits, (0.05, 0.95))
    entry = {
        "mean": round(float(np.mean(bits)), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
        "count": len(bits),
        "pictures": args.of,
        "measured": measured_with(completed),
    }
    file = args.model / "model.json"
    manifest = json.loads(file.read_text()) | {"evaluation": {"heldOutBitsPerDim": entry}}
    file.with_suffix(".draft").write_text(json.dumps(manifest, indent=2) + "\n")
    os.replace(file.with_suffix(".draft"), file)
    error = float(np.std(bits, ddof=1) / np.sqrt(len(bits)))
    print(json.dumps(entry | {"standardErrorOfMean": round(error, 4)}))


if __name__ == "__main__":
    main()
