"""Convert and serve networks with random weights at CIFAR-10's size: a row of a table each.

    python convert/prove.py --score-sde PATH --edm PATH --diffusers --out runs/prove

Each network is made, converted (file against PyTorch), its scores compared by the worker's own
evaluation (compare-scores.js), and served by the server alone in a folder: it derives and proves
the jvp graph, lists the model, gives scores through the API, which are compared with the
project's own, and draws a sample of a few steps. An error above 1e-3 ends it. Needs a built
server (`npm run build`) and clients/python. `--only NAME ...` takes some of them.

The last columns are processor seconds and GiB of memory at most: of the converter, and of the
server from its start to its end.
"""

import argparse
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import random_checkpoints
from scorestream import FastSolver, Sampler, of_class
from served import DIST, score_errors, server
from usage import Usage, ran

HERE = Path(__file__).parent
SCORE_SDE = (
    "ve/cifar10_ncsnpp_continuous",
    "ve/cifar10_ncsnpp_deep_continuous",
    "vp/cifar10_ddpmpp_continuous",
    "subvp/cifar10_ddpmpp_continuous",
    "vp/ddpm/cifar10",
)
COLUMNS = ("", "parameters", "nodes", "file", "score, least noise", "score, else") + (
    "served, least noise",
    "served, else",
    "jvp: nodes",
    "proof",
    "converter",
    "server",
)
TOLERANCE = 1e-3


def converted(args: argparse.Namespace, name: str) -> tuple[Path, Path, str, Usage]:
    """Make and convert one network. Returns its folder, scores, the file's error, what it took."""
    random, model = args.out / "random", args.out / "models" / re.sub("[/_]", "-", name)
    scores = args.out / "scores.json"
    out = ["--out", str(model), "--scores", str(scores)]
    if name in SCORE_SDE:
        code, config = str(args.score_sde), f"configs/{name}.py"
        python("random_checkpoints.py", "--score-sde", code, "--configs", config, "--out", random)
        source = ["--config", config, "--checkpoint", random / f"{name.replace('/', '-')}.pth"]
        text, usage = python("score_sde.py", "--code", code, *source, *out)
    elif name in random_checkpoints.DIFFUSERS:
        python("random_checkpoints.py", "--diffusers", name, "--out", random)
        null = ["--null-class", str(random_checkpoints.CLASSES)] if name.endswith("classes") else []
        text, usage = python("diffusers_unet.py", "--model", random / name, *null, *out)
    else:
        code = str(args.edm)
        python("random_checkpoints.py", "--edm", code, "--networks", name, "--out", random)
        source = ["--checkpoint", random / f"{name}.pkl"]
        text, usage = python("edm_denoiser.py", "--code", code, *source, *out)
    shutil.rmtree(random)
    return model, scores, re.search(r"against PyTorch (\S+)", text)[1], usage


def python(script: str, *arguments: str | Path) -> tuple[str, Usage]:
    return ran([sys.executable, HERE / script, *arguments])


def worker_errors(model: Path, scores: Path) -> list[float]:
    """At each time, least noise first, by the worker's evaluation; above 1e-3 the command fails."""
    text, _ = ran(["node", DIST / "models" / "compare-scores.js", model, scores])
    return [float(error) for error in re.findall(r"relative error (\S+)", text)]


def served_errors(model: Path, scores: Path, cache: Path, steps: int) -> tuple[list[float], Usage]:
    """Serve one model, compare its scores and draw from it. As worker_errors; and what it took."""
    manifest, known = (json.loads(p.read_text()) for p in (model / "model.json", scores))
    with server(model.parent, cache) as served:
        [listed] = served.client.list_models()
        if "log-likelihood" not in listed.tasks:
            raise RuntimeError(f"{model.name}: no jvp graph; tasks are {list(listed.tasks)}")
        errors = score_errors(served.client, manifest, known)
        if not max(errors.values()) <= TOLERANCE:
            raise RuntimeError(f"{model.name}: served scores differ by {errors}, by time")
        sampler = Sampler(fast=FastSolver(method="dpm-solver++2m", steps=steps))
        asked = {"model": model.name, "sampler": sampler, "seed": 1, "format": "raw-float32"}
        job = served.client.sample(**asked)
        picture = job.numpy()
        if not np.isfinite(picture).all():
            raise RuntimeError(f"{model.name}: the sample is not finite")
        if listed.classes:
            of_first = served.client.sample(condition=of_class(listed.classes[0]), **asked).numpy()
            if not (np.isfinite(of_first).all() and (of_first != picture).any()):
                raise RuntimeError(f"{model.name}: the class {listed.classes[0]} changes nothing")
        print(
            f"served {listed.name}: {listed.forward_process}, {listed.parameters} parameters, "
            f"{', '.join(listed.tasks)}; scores within {max(errors.values()):.1e} at "
            f"{', '.join(f'{t:.3g}' for t in errors)}; a sample of {job.completed.evaluations} "
            f"evaluations has values from {picture.min():.3g} to {picture.max():.3g}",
            file=sys.stderr,
            flush=True,
        )
    return list(errors.values()), served.usage


def proof_of(cache: Path) -> tuple[int, float]:
    """Nodes of the jvp graph that a server kept, and its proof's error."""
    [proof] = cache.glob("*.json")
    graph = onnx.load(proof.with_suffix(".onnx"), load_external_data=False).graph
    return len(graph.node), json.loads(proof.read_text())["error"]


def row(args: argparse.Namespace, name: str) -> str:
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    model, scores, file_error, conversion = converted(args, name)
    by_worker = worker_errors(model, scores)
    by_server, service = served_errors(model, scores, args.out / "cache", args.steps)
    nodes, proof = proof_of(args.out / "cache")
    cells = (
        f"`{name}`",
        f"{json.loads((model / 'model.json').read_text())['score']['parameters']:,}",
        f"{len(onnx.load(model / 'score.onnx').graph.node):,}",
        file_error,
        *(f"{error:.1e}" for error in (by_worker[0], max(by_worker[1:]))),
        *(f"{error:.1e}" for error in (by_server[0], max(by_server[1:]))),
        f"{nodes:,}",
        f"{proof:.1e}",
        *(f"{used.seconds:.0f} s, {used.gib:.1f} GiB" for used in (conversion, service)),
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
    names = [
        *(SCORE_SDE if args.score_sde else ()),
        *(random_checkpoints.DIFFUSERS if args.diffusers else ()),
    ]
    names += random_checkpoints.EDM if args.edm else ()
    if args.only and not set(args.only) <= set(names):
        parser.error(f"--only: expected some of {', '.join(names)}")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for name in args.only or names:
        print(row(args, name), flush=True)


if __name__ == "__main__":
    main()
