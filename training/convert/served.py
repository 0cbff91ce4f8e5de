"""A server of one model for a while, and the scores that its answers are made of."""

import json
import math
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scorestream import Client, ProbabilityFlow
from usage import Usage, end

DIST = Path(__file__).parent.parent.parent / "dist" / "server"
EULER = ProbabilityFlow(solver="euler", steps=1)


@dataclass
class Served:
    """A server that is ready. usage: of its whole life, there once it has ended."""

    client: Client
    usage: Usage = field(default_factory=Usage)


@contextmanager
def server(models: Path, cache: Path) -> Iterator[Served]:
    """A server of a folder of models, of one thread."""
    ports = ["--grpc-port", "0", "--http-port", "0", "--threads", "1", "--log-level", "warn"]
    command = ["node", DIST / "main.js", "--models", models, "--cache", cache, *ports]
    process = subprocess.Popen(
        [os.fspath(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    served = None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if '"ready":true' in line:
                break
        else:
            raise RuntimeError(f"the server did not start: {''.join(said)}")
        with Client(json.loads(line)["grpc"]) as client:
            served = Served(client)
            yield served
    finally:
        process.terminate()
        usage = end(process)
        if served is not None:
            served.usage = usage


def score_errors(client: Client, manifest: dict, known: dict) -> dict[float, float]:
    """How far the served scores are from the project's own, by time, relative to the largest there.

    One step of Euler's rule on the probability flow from t, asked for by Encode, ends at

        y = x + (end - t) (a(t) x - g(t)^2 s(x, t) / 2),

    of which all but the score s is known; Decode takes it from the last time. Encode starts in the
    first half of time, so that known scores between are passed over.

    known: as folder.py's write_scores has them. Of a network that takes a class, rows of none
    count: Encode and Decode ask for no class.
    """
    process, labels = manifest["forwardProcess"], known.get("labels")
    null = manifest["score"].get("class", {}).get("nullClass")
    rows = [row for row in range(known["rows"]) if labels is None or labels[row] == null]
    channels, height, width = (manifest["shape"][one] for one in ("channels", "height", "width"))
    last = process["sigmaMax"] if process["kind"] == "edm" else 1.0
    errors = {}
    for point in known["points"]:
        t = point["t"]
        x, score = (
            np.float32(point[name]).reshape(-1, channels, height, width)[rows]
            for name in ("x", "score")
        )
        asked = {"model": manifest["name"], "solver": EULER}
        if math.isclose(t, last, rel_tol=1e-6):
            t, end_time = last, last / 2
            job = client.decode(list(x), time_eps=end_time, format="raw-float32", **asked)
            y = job.numpy()
        elif t <= last / 2:
            end_time = last
            y = client.encode(list(x), time_eps=t, **asked).latents()
        else:
            continue
        drift, diffusion = coefficients(process, t)
        x, span = x.astype(np.float64), end_time - t
        seen = (y - (1 + span * drift) * x) / (-span * diffusion / 2)
        errors[t] = float(np.abs(seen - score).max() / np.abs(score).max())
    return errors


def coefficients(process: dict, t: float) -> tuple[float, float]:
    """a(t) and g(t)^2 of the SDE dx = a x dt + g dw, of a manifest's forward process."""
    kind = process["kind"]
    if kind == "ve":
        ratio = process["sigmaMax"] / process["sigmaMin"]
        sigma = process["sigmaMin"] * ratio**t
        return 0.0, 2 * sigma**2 * math.log(ratio)
    if kind == "edm":
        return 0.0, 2 * t
    if kind in ("vp", "subvp"):
        low, high = process["betaMin"], process["betaMax"]
        beta = low + t * (high - low)
        decay = math.exp(-2 * (low * t + (high - low) * t**2 / 2))
        return -beta / 2, beta * (1 - decay if kind == "subvp" else 1)
    if kind == "ddpm":
        # ln mean is linear between levels: a is constant from level to level.
        betas = process["betas"]
        if isinstance(betas, dict):
            if betas["spacing"] != "linear":
                raise NotImplementedError(f"betas.spacing {betas['spacing']}")
            betas = np.linspace(betas["first"], betas["last"], betas["count"])
        last = len(betas) - 1
        level = min(math.floor(t * last), last - 1)
        drift = last * math.log1p(-betas[level + 1]) / 2
        return drift, -2 * drift
    raise NotImplementedError(f"forwardProcess.kind {kind}")
