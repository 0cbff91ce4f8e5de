"""model.json: what a server must know to use the exported graphs."""

import math

from edm import SIGMA_DATA
from processes import EPS, PROCESSES, SAMPLING_EPS, entry, sigma_range

DESCRIPTIONS = {
    "color-digits": "Handwritten digits, 32x32 RGB, a bright colour on a dark one",
    "cifar10": "Photographs of ten kinds of things, 32x32 RGB (CIFAR-10)",
    "folder": "Pictures of a folder",
}
TRAINED_ON = {
    "color-digits": "MNIST's training split, recoloured at random (training/digits.py)",
    "cifar10": "CIFAR-10's training split",
    "folder": "a folder of pictures",
}
# Samplers that a job may be fitted to its deadline with, the best first.
LADDER = [
    {
        "method": "predictor-corrector",
        "predictor": "euler-maruyama",
        "steps": 250,
        "leastSteps": 50,
    },
    {"method": "fast", "solver": "dpm-solver++2m-sde", "steps": 50, "leastSteps": 20},
    {"method": "fast", "solver": "dpm-solver++2m", "steps": 20, "leastSteps": 10},
]


def network(file: str, sha256: str, parameters: int, output: dict) -> dict:
    """The entry of one graph; all have the same inputs, EDM's c_in x and ln(sigma)/4."""
    return {
        "file": file,
        "sha256": sha256,
        "batch": "dynamic",
        "parameters": parameters,
        "sigmaData": SIGMA_DATA,
        "input": {"name": "x", "type": "float32", "layout": "nchw", "scaling": "edm-c-in"},
        "time": {
            "name": "c_noise",
            "kind": "quarter-log-sigma",
            "type": "float32",
            "shape": "[batch]",
        },
        "output": output | {"type": "float32"},
    }


def manifest(name: str, networks: dict[str, dict], run: dict, checkpoint_sha256: str) -> dict:
    """The manifest. networks: the entries of score and, if there is one, classifier; run: the
    score's checkpoint."""
    args = run["args"]
    channels, height, width = run["shape"]
    process = PROCESSES[args["process"]]()
    classes = {"classes": run["classes"]} if "classifier" in networks else {}
    ve = process.kind == "ve"
    return {
        "formatVersion": 1,
        "name": name,
        "description": DESCRIPTIONS[args["pictures"]]
        + ("; with a noise-conditional classifier." if classes else "."),
        "shape": {"channels": channels, "height": height, "width": width},
        "dataRange": [-1, 1],
        "bits": 8,
        **classes,
        "forwardProcess": entry(process),
        "continuous": True,
        "sigmaRange": list(sigma_range(process)),
        "samplingEps": SAMPLING_EPS[process.kind],
        "likelihoodEps": EPS,
        **networks,
        "sampler": {
            "method": "predictor-corrector",
            "predictor": "reverse-diffusion" if ve else "euler-maruyama",
            "corrector": "langevin" if ve else "none",
            "steps": 500 if ve else 250,
        },
        "ladder": LADDER[1:] if ve else LADDER,
        "provenance": {
            "source": f"training/train.py, {run['step']} steps, seed {args['seed']}",
            "license": "MIT",
            "trainedOn": TRAINED_ON[args["pictures"]],
            "checkpointSha256": checkpoint_sha256,
            "emaRate": round(math.pow(0.5, 1 / args["ema"]), 6),
        },
    }
