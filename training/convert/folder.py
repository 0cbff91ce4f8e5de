"""Write a checkpoint as a model's folder: score.onnx and model.json, the manifest last."""

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from checkpoint import Checkpoint, ClassInput, ConversionError
from graph import CLASS, INPUT, OUTPUT, TIME, export

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
TYPES = {torch.float32: "float32", torch.int64: "int64"}
ROWS = 2  # pictures at each time in a file of scores


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(checkpoint: Checkpoint, name: str, digest: str) -> dict:
    """model.json. digest: of score.onnx."""
    entry = checkpoint.manifest
    score = entry["score"]
    time_type = TYPES[checkpoint.label(checkpoint.times[-1]).dtype]
    return {
        "formatVersion": 1,
        "name": name,
        **entry,
        **({} if checkpoint.classes is None else {"classes": list(checkpoint.classes.names)}),
        "score": {
            "file": "score.onnx",
            "sha256": digest,
            "batch": "dynamic",
            "parameters": sum(one.numel() for one in checkpoint.network.parameters()),
            "input": {"name": INPUT, **score["input"]},
            "time": {"name": TIME, "type": time_type, **score["time"]},
            **class_entry(checkpoint.classes),
            "output": {"name": OUTPUT, **score["output"]},
        },
    }


def class_entry(classes: ClassInput | None) -> dict:
    """`class` of the score's entry, where the network takes one."""
    if classes is None:
        return {}
    kind = "int64" if classes.encoding == "index" else "float32"
    null = {} if classes.null is None else {"nullClass": classes.null}
    return {"class": {"name": CLASS, "encoding": classes.encoding, "type": kind, **null}}


def write_folder(checkpoint: Checkpoint, out: Path, name: str) -> None:
    """Export, compare, write. A folder that was there keeps its old files until both are ready."""
    if not NAME.fullmatch(name):
        raise ConversionError(f"--name: seen {name!r}, expected 1 to 64 of a-z, 0-9, '.', '_', '-'")
    out.mkdir(parents=True, exist_ok=True)
    draft = out / "score.onnx.draft"
    try:
        error = export(checkpoint, draft)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    text = json.dumps(manifest(checkpoint, name, sha256(draft)), indent=2)
    (out / "model.json.draft").write_text(text + "\n")
    size = draft.stat().st_size
    os.replace(draft, out / "score.onnx")
    os.replace(out / "model.json.draft", out / "model.json")
    print(f"{out}: {size} bytes, relative error against PyTorch {error:.1e}")


@torch.no_grad()
def write_scores(checkpoint: Checkpoint, path: Path) -> None:
    """Scores that the network's own project computes, for server/models/compare-scores.ts.

    {"rows", "points": [{"t", "x": [...], "score": [...]}]}: rows, channels, height, width, flat.
    Of a network that takes a class also "labels": [...], the index of each row's.
    """
    points = []
    for t in checkpoint.times:
        x = checkpoint.noised(ROWS, t)
        score = checkpoint.score(x, t, *checkpoint.class_tensors(ROWS))
        points.append({"t": t, "x": x.flatten().tolist(), "score": score.flatten().tolist()})
    labels = {} if checkpoint.classes is None else {"labels": checkpoint.indices(ROWS)}
    path.write_text(json.dumps({"rows": ROWS, **labels, "points": points}) + "\n")
    print(f"{path}: scores at t = {', '.join(f'{t:.3g}' for t in checkpoint.times)}")


def classes_flag(parser: argparse.ArgumentParser) -> None:
    """Of converters whose networks may take a class."""
    parser.add_argument(
        "--classes",
        nargs="+",
        metavar="NAME",
        help="of a network that takes a class; default: 0 1 2",
    )


def command(
    description: str,
    add_flags: Callable[[argparse.ArgumentParser], None],
    load: Callable[[argparse.Namespace], Checkpoint],
) -> None:
    """A converter's command line: its own flags and those that all have."""
    parser = argparse.ArgumentParser(description=description)
    add_flags(parser)
    parser.add_argument(
        "--out", type=Path, required=True, help="the model's folder, such as models/mine"
    )
    parser.add_argument("--name", help="the name that requests use; default: that of the folder")
    parser.add_argument("--license", help="SPDX identifier of the weights' licence")
    parser.add_argument("--trained-on", help="the training data, in words")
    parser.add_argument(
        "--scores", type=Path, help="also write the project's own scores to this file"
    )
    args = parser.parse_args()
    torch.manual_seed(0)
    try:
        checkpoint = load(args)
        origin = checkpoint.manifest.setdefault("provenance", {})
        for key, value in (("license", args.license), ("trainedOn", args.trained_on)):
            if value is not None:
                origin[key] = value
        write_folder(checkpoint, args.out, args.name or args.out.resolve().name)
        if args.scores is not None:
            write_scores(checkpoint, args.scores)
    except ConversionError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
