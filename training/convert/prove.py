"""Convert and serve networks with random weights at CIFAR-10's size: a row of a table each.

    python convert/prove.py --score-sde PATH --edm PATH --diffusers --out runs/prove

Each network is made, converted (file against PyTorch), its scores compared by the worker's own
evaluation (compare-scores.js), and served by the server alone in a folder: it derives and proves
the jvp graph, lists the model and draws a sample of a few steps. Needs a built server (`npm run
build`), and clients/python for the last. `--only NAME ...` takes some of them.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import random_checkpoints
from scorestream import Client, FastSolver, Sampler

HERE = Path(__file__).parent
DIST = HERE.parent.parent / "dist" / "server"
SCORE_SDE = (
    "ve/cifar10_ncsnpp_continuous",
    "ve/cifar10_ncsnpp_deep_continuous",
    "vp/cifar10_ddpmpp_continuous",
    "subvp/cifar10_ddpmpp_continuous",
    "vp/ddpm/cifar10",
)
DIFFUSERS = ("diffusers-ddpm", "diffusers-ncsnpp")
HEADER = "| | weights, MB | nodes | file | score, least noise | score, else | jvp: nodes | proof |"


def converted(args: argparse.Namespace, name: str) -> tuple[Path, Path, str]:
    """Make and convert one network. Returns its folder, its scores, and the file's error."""
    random, model = args.out / "random", args.out / "models" / re.sub("[/_]", "-", name)
    scores = args.out / "scores.json"
    out = ["--out", str(model), "--scores", str(scores)]
    if name in SCORE_SDE:
        code, config = str(args.score_sde), f"configs/{name}.py"
        python("random_checkpoints.py", "--score-sde", code, "--configs", config, "--out", random)
        source = ["--config", config, "--checkpoint", random / f"{name.replace('/', '-')}.pth"]
        text = python("score_sde.py", "--code", code, *source, *out)
    elif name in DIFFUSERS:
        python("random_checkpoints.py", "--diffusers", "--out", random)
        text = python("diffusers_unet.py", "--model", random / name, *out)
    else:
        code = str(args.edm)
        python("random_checkpoints.py", "--edm", code, "--networks", name, "--out", random)
        source = ["--checkpoint", random / f"{name}.pkl"]
        text = python("edm_denoiser.py", "--code", code, *source, *out)
    shutil.rmtree(random)
    return model, scores, re.search(r"against PyTorch (\S+)", text)[1]


def python(script: str, *arguments: str | Path) -> str:
    return ran([sys.executable, HERE / script, *arguments])


def ran(command: list[str | Path]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def score_errors(model: Path, scores: Path) -> list[float]:
    """At each time, least noise first; above 1e-3 the command fails."""
    text = ran(["node", DIST / "models" / "compare-scores.js", model, scores])
    return [float(error) for error in re.findall(r"relative error (\S+)", text)]


@contextmanager
def server(models: Path, cache: Path) -> Iterator[Client]:
    """A server of a folder of models, ready; of one thread."""
    ports = ["--grpc-port", "0", "--http-port", "0", "--threads", "1", "--log-level", "warn"]
    command = ["node", DIST / "main.js", "--models", models, "--cache", cache, *ports]
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if '"ready":true' in line:
                break
        else:
            raise RuntimeError(f"the server did not start: {''.join(said)}")
        with Client(json.loads(line)["grpc"]) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


def served(model: Path, cache: Path, steps: int) -> tuple[int, float]:
    """Serve one model and draw from it. Returns the jvp graph's nodes and its proof's error."""
    with server(model.parent, cache) as client:
        [listed] = client.list_models()
        if "log-likelihood" not in listed.tasks:
            raise RuntimeError(f"{model.name}: no jvp graph; tasks are {list(listed.tasks)}")
        sampler = Sampler(fast=FastSolver(method="dpm-solver++2m", steps=steps))
        job = client.sample(model=model.name, sampler=sampler, seed=1, format="raw-float32")
        picture = job.numpy()
        if not np.isfinite(picture).all():
            raise RuntimeError(f"{model.name}: the sample is not finite")
        print(
            f"served {listed.name}: {listed.forward_process}, {listed.parameters} parameters, "
            f"{', '.join(listed.tasks)}; a sample of {job.completed.evaluations} evaluations has "
            f"values from {picture.min():.3g} to {picture.max():.3g}",
            file=sys.stderr,
            flush=True,
        )
    [proof] = cache.glob("*.json")
    graph = onnx.load(proof.with_suffix(".onnx"), load_external_data=False).graph
    return len(graph.node), json.loads(proof.read_text())["error"]


def row(args: argparse.Namespace, name: str) -> str:
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    model, scores, file_error = converted(args, name)
    errors = score_errors(model, scores)
    nodes, proof = served(model, args.out / "cache", args.steps)
    file = model / "score.onnx"
    cells = (
        f"`{name}`",
        f"{file.stat().st_size / 1e6:.0f}",
        f"{len(onnx.load(file).graph.node):,}",
        file_error,
        f"{errors[0]:.1e}",
        f"{max(errors[1:]):.1e}",
        f"{nodes:,}",
        f"{proof:.1e}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--score-sde", type=Path, help="a copy of score_sde_pytorch")
    parser.add_argument("--edm", type=Path, help="a copy of edm")
    parser.add_argument("--diffusers", action="store_true", help="those of diffusers too")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of them")
    parser.add_argument("--steps", type=int, default=3, help="of the sample")
    parser.add_argument("--out", type=Path, required=True, help="scratch, emptied for each")
    args = parser.parse_args()
    names = [*(SCORE_SDE if args.score_sde else ()), *(DIFFUSERS if args.diffusers else ())]
    names += random_checkpoints.EDM if args.edm else ()
    if args.only and not set(args.only) <= set(names):
        parser.error(f"--only: expected some of {', '.join(names)}")
    print(f"{HEADER}\n|{'---|' * 8}", flush=True)
    for name in args.only or names:
        print(row(args, name), flush=True)


if __name__ == "__main__":
    main()
