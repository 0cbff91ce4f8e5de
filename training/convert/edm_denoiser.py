"""Convert a denoiser D(x, sigma) in the style of EDM into a model's folder.

    python convert/edm_denoiser.py --code PATH --checkpoint edm-cifar10-32x32-uncond-vp.pkl \
        --out ../models/edm-cifar10
    python convert/edm_denoiser.py --code PATH --network my_module:my_denoiser --shape 3 32 32 \
        --out ../models/mine

D estimates the picture, scaled to [-1, 1], that x = picture + sigma n shows; what a network inside
of it is given (c_in x, c_noise) is its own affair. --checkpoint is a pickle of it, or of a dict
that has it under `ema`: to read it runs the code in it, so take it only from who you trust.
--network is a function without arguments, in a module inside --code, that returns it with its
weights. --code is a copy of https://github.com/NVlabs/edm, or whatever else is imported.
"""

import argparse
import importlib
import pickle
import sys
from pathlib import Path

import torch
from checkpoint import Checkpoint, ClassInput, ConversionError
from folder import classes_flag, command, sha256
from torch import nn

# Where a network states no bounds: those of EDM's own sampler.
SIGMA_MIN, SIGMA_MAX = 0.002, 80.0
SHARES = (0, 0.05, 0.3, 0.7, 1)  # of the range of ln sigma, or of t, compared at
VP_EPS = 1e-3  # the smallest t compared at


class Denoiser(nn.Module):
    """D as a function of tensors alone, in float32 whatever it was trained with."""

    def __init__(self, denoiser: nn.Module):
        super().__init__()
        if hasattr(denoiser, "use_fp16"):
            denoiser.use_fp16 = False
        self.denoiser = denoiser.float().eval().requires_grad_(False)

    def forward(
        self, x: torch.Tensor, sigma: torch.Tensor, classes: torch.Tensor | None = None
    ) -> torch.Tensor:
        if classes is None:
            return self.denoiser(x, sigma)
        return self.denoiser(x, sigma, class_labels=classes)


def flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--code", type=Path, required=True, help="where its code is imported from")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path, help="the .pkl file")
    source.add_argument("--network", metavar="MODULE:FUNCTION", help="what returns the network")
    parser.add_argument(
        "--shape",
        type=int,
        nargs=3,
        metavar=("CHANNELS", "HEIGHT", "WIDTH"),
        help="default: the network's img_channels and img_resolution",
    )
    classes_flag(parser)
    parser.add_argument("--sigma-min", type=float, help="default: the network's, else 0.002")
    parser.add_argument("--sigma-max", type=float, help="default: the network's, else 80")


def load(args: argparse.Namespace) -> Checkpoint:
    if not args.code.is_dir():
        raise ConversionError(f"--code: seen {args.code}, expected a folder")
    sys.path.insert(0, str(args.code.resolve()))
    denoiser = unpickled(args.checkpoint) if args.checkpoint else built(args.network)
    check(denoiser)
    channels, height, width = args.shape or own_shape(denoiser)
    network = Denoiser(denoiser)
    process, marginal, times = vp(denoiser) if hasattr(denoiser, "beta_d") else edm(denoiser, args)
    origin = {"source": f"{type(denoiser).__name__}, {args.network or args.checkpoint.name}"}
    if args.checkpoint:
        origin["checkpointSha256"] = sha256(args.checkpoint)

    def score(x: torch.Tensor, t: float, *classes: torch.Tensor) -> torch.Tensor:
        """(D(y; sigma) - y) / sigma^2 in y = x_t / mean, and the change of variables."""
        mean, std = marginal(t)
        sigma = std / mean
        y = x.double() / mean
        denoised = network(y.float(), torch.full((len(x),), sigma), *classes).double()
        return (denoised - y) / sigma**2 / mean

    return Checkpoint(
        network=network,
        manifest={
            "shape": {"channels": channels, "height": height, "width": width},
            "dataRange": [-1, 1],
            "forwardProcess": process,
            "score": {
                "input": {"scaling": "over-mean"},
                "time": {"kind": "sigma"},
                "output": {"kind": "denoised"},
            },
            "sampler": {"method": "fast", "solver": "edm-heun", "steps": 18},
            "provenance": origin,
        },
        times=times,
        marginal=marginal,
        label=lambda t: torch.tensor(marginal(t)[1] / marginal(t)[0]),
        score=score,
        classes=class_input(denoiser, args.classes),
    )


def unpickled(path: Path) -> nn.Module:
    try:
        with path.open("rb") as file:
            content = pickle.load(file)
    except (ImportError, OSError, pickle.UnpicklingError) as error:
        raise ConversionError(f"--checkpoint: {path} can't be read: {error}") from error
    network = content.get("ema") if isinstance(content, dict) else content
    if not isinstance(network, nn.Module):
        raise ConversionError(
            f"--checkpoint: seen {type(network).__name__} in {path}, expected a network, or a dict "
            "that has one under ema"
        )
    return network


def built(name: str) -> nn.Module:
    module, _, function = name.partition(":")
    try:
        network = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConversionError(
            f"--network: seen {name}, expected MODULE:FUNCTION: {error}"
        ) from error
    if not isinstance(network, nn.Module):
        raise ConversionError(
            f"--network: {name} returned {type(network).__name__}, expected a torch.nn.Module"
        )
    return network


def check(denoiser: nn.Module) -> None:
    sigma = torch.tensor(0.123)
    if hasattr(denoiser, "round_sigma") and denoiser.round_sigma(sigma) != sigma:
        raise ConversionError(
            f"{type(denoiser).__name__} rounds sigma to a table of its own, expected a network "
            "that takes any sigma"
        )


def class_input(denoiser: nn.Module, names: list[str] | None) -> ClassInput | None:
    """Where label_dim is above 0: the class one-hot, as the argument class_labels of D.

    All zeros is no class where some labels were left out in training.
    """
    count = getattr(denoiser, "label_dim", 0)
    if len(names or ()) not in (0, count):
        raise ConversionError(f"--classes: seen {len(names)} names, expected {count} (label_dim)")
    if count == 0:
        return None
    dropped = getattr(getattr(denoiser, "model", None), "label_dropout", 0)
    return ClassInput(
        names or [str(index) for index in range(count)], "one-hot", -1 if dropped else None
    )


def own_shape(denoiser: nn.Module) -> tuple[int, int, int]:
    try:
        return denoiser.img_channels, denoiser.img_resolution, denoiser.img_resolution
    except AttributeError as error:
        raise ConversionError(
            f"--shape: expected CHANNELS HEIGHT WIDTH, as {type(denoiser).__name__} has no "
            f"{error.name}"
        ) from error


def vp(denoiser: nn.Module):
    """VPPrecond: the VP process that it was trained with; sigma(t) is the network's own."""
    low, high = denoiser.beta_min, denoiser.beta_min + denoiser.beta_d

    def marginal(t: float) -> tuple[float, float]:
        sigma = float(denoiser.sigma(torch.tensor(t, dtype=torch.float64)))
        mean = (1 + sigma**2) ** -0.5
        return mean, sigma * mean

    process = {"kind": "vp", "betaMin": low, "betaMax": high}
    return process, marginal, [VP_EPS + share * (1 - VP_EPS) for share in SHARES]


def edm(denoiser: nn.Module, args: argparse.Namespace):
    """Any other: noise is added to the picture as it is, and the time is sigma."""
    low = args.sigma_min or max(float(getattr(denoiser, "sigma_min", 0)), SIGMA_MIN)
    own_high = float(getattr(denoiser, "sigma_max", float("inf")))
    high = args.sigma_max or (own_high if own_high < float("inf") else SIGMA_MAX)
    if not 0 < low < high:
        raise ConversionError(
            f"--sigma-min, --sigma-max: seen {low} and {high}, expected 0 < min < max"
        )
    process = {"kind": "edm", "sigmaMin": low, "sigmaMax": high}
    return process, lambda t: (1.0, t), [low * (high / low) ** share for share in SHARES]


if __name__ == "__main__":
    command(__doc__.split("\n")[0], flags, load)
