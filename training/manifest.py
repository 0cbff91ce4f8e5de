"""model.json of color-digits: what a server must know to use its two graphs."""

import math

from digits import CHANNELS, CLASSES, SIZE
from edm import SIGMA_DATA, SIGMA_MAX, SIGMA_MIN


def network(file: str, sha256: str, parameters: int, output: dict) -> dict:
    """The entry of one graph; both have the same inputs, EDM's c_in x and ln(sigma)/4."""
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


def manifest(score: dict, classifier: dict, run: dict, checkpoint_sha256: str) -> dict:
    """The manifest. score, classifier: their entries; run: the score's checkpoint."""
    seed, half_life = run["args"]["seed"], run["args"]["ema"]
    return {
        "formatVersion": 1,
        "name": "color-digits",
        "description": "Handwritten digits, 32x32 RGB, a bright colour on a dark one; "
        "with a noise-conditional digit classifier.",
        "shape": {"channels": CHANNELS, "height": SIZE, "width": SIZE},
        "dataRange": [-1, 1],
        "bits": 8,
        "classes": [str(digit) for digit in range(CLASSES)],
        "forwardProcess": {"kind": "vp", "betaMin": 0.1, "betaMax": 20},
        "continuous": True,
        "sigmaRange": [SIGMA_MIN, SIGMA_MAX],
        "samplingEps": 1e-3,
        "likelihoodEps": 1e-5,
        "score": score,
        "classifier": classifier,
        "sampler": {
            "method": "predictor-corrector",
            "predictor": "euler-maruyama",
            "corrector": "none",
            "steps": 250,
        },
        "provenance": {
            "source": f"training/train.py, {run['step']} steps, seed {seed}",
            "license": "MIT",
            "trainedOn": "MNIST's training split, recoloured at random (training/digits.py)",
            "checkpointSha256": checkpoint_sha256,
            "emaRate": round(math.pow(0.5, 1 / half_life), 6),
        },
    }
