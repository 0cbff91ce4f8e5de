"""Convert a checkpoint of score_sde_pytorch into a model's folder.

    python convert/score_sde.py --code PATH --config configs/ve/cifar10_ncsnpp_continuous.py \
        --checkpoint checkpoint_24.pth --out ../models/cifar10-ve

--code is a copy of https://github.com/yang-song/score_sde_pytorch; its network definitions and
its configuration are imported from there, and their code runs. The weights are the averaged ones.
"""

import argparse
import importlib
import sys
from pathlib import Path

import torch
import torch.utils.cpp_extension
from checkpoint import Checkpoint, ConversionError
from folder import command, sha256
from torch import nn

NETWORKS = ("ncsnpp", "ddpm")  # modules of its package models, and the networks that they register
PREDICTORS = {
    "euler_maruyama": "euler-maruyama",
    "reverse_diffusion": "reverse-diffusion",
    "ancestral_sampling": "ancestral",
}
CORRECTORS = {"langevin": "langevin", "ald": "annealed-langevin", "none": "none"}
CONTINUOUS_TIMES = (1e-3, 0.05, 0.3, 0.7, 1.0)


def flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--code", type=Path, required=True, help="a copy of score_sde_pytorch")
    parser.add_argument("--config", required=True, help="its configuration, a path inside --code")
    parser.add_argument("--checkpoint", type=Path, required=True, help="the .pth file")


def load(args: argparse.Namespace) -> Checkpoint:
    import_from(args.code)
    config = configuration(args.code, args.config)
    network = averaged(network_of(config), args.checkpoint)
    sde = sde_of(config)
    continuous = bool(config.training.continuous)
    own_score = importlib.import_module("models.utils").get_score_fn(
        sde, network, train=False, continuous=continuous
    )
    conventions = ve(config) if is_ve(config) else vp(config)
    return Checkpoint(
        network=network,
        manifest={
            "shape": {
                "channels": config.data.num_channels,
                "height": config.data.image_size,
                "width": config.data.image_size,
            },
            "dataRange": [-1, 1] if config.data.centered else [0, 1],
            **conventions,
            **sampler(config),
            "provenance": {
                "source": f"score_sde_pytorch, {args.config}",
                "checkpointSha256": sha256(args.checkpoint),
                "emaRate": config.model.ema_rate,
            },
        },
        times=CONTINUOUS_TIMES if continuous else levels(config),
        marginal=lambda t: marginal(sde, continuous, t),
        label=lambda t: label(config, t),
        score=lambda x, t: own_score(x, torch.full((len(x),), t)),
    )


def import_from(code: Path) -> None:
    """Make the project's modules importable, without a compiler and without CUDA.

    Its package op compiles two CUDA kernels when it is imported, for which CPUs have no use.
    """
    if not (code / "models" / "ncsnpp.py").is_file():
        raise ConversionError(f"--code: seen {code}, expected a copy of score_sde_pytorch")
    sys.path.insert(0, str(code.resolve()))
    torch.utils.cpp_extension.load = lambda *_, **__: None
    for module in NETWORKS:
        importlib.import_module(f"models.{module}")


def configuration(code: Path, path: str):
    if not (code / path).is_file():
        raise ConversionError(f"--config: seen {path}, expected a file inside {code}")
    return importlib.import_module(path.removesuffix(".py").replace("/", ".")).get_config()


def network_of(config) -> nn.Module:
    """The configured network, in float32: a table of sigmas in it is float64 as built."""
    name = config.model.name
    if name not in NETWORKS:
        raise ConversionError(f"model.name: seen {name}, expected one of {', '.join(NETWORKS)}")
    return importlib.import_module("models.utils").get_model(name)(config).float()


def averaged(network: nn.Module, path: Path) -> nn.Module:
    """The network with a checkpoint's averaged weights.

    A checkpoint has the last weights by name, behind DataParallel's "module.", and the averages as
    a list in the order of the parameters that are trained. What is not trained (Fourier features)
    is only in the first.
    """
    if not path.is_file():
        raise ConversionError(f"--checkpoint: seen {path}, expected a .pth file")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not (isinstance(state, dict) and {"model", "ema"} <= state.keys()):
        raise ConversionError(
            f"--checkpoint: seen {path}, expected one with the keys model and ema"
        )
    last = {name.removeprefix("module."): value for name, value in state["model"].items()}
    try:
        missing, unexpected = network.load_state_dict(last, strict=False)
    except RuntimeError as error:
        raise ConversionError(f"--checkpoint: does not fit --config: {error}") from error
    missing = [name for name in missing if name != "sigmas"]  # the configuration's own
    if missing or unexpected:
        raise ConversionError(
            f"--checkpoint: does not fit --config: lacks {missing[:3]}, has also {unexpected[:3]}"
        )
    averages = state["ema"]["shadow_params"]
    trained = [one for one in network.parameters() if one.requires_grad]
    if [one.shape for one in trained] != [one.shape for one in averages]:
        raise ConversionError(
            f"--checkpoint: its averages are {len(averages)} tensors, expected {len(trained)} of "
            "the shapes of the trained parameters"
        )
    with torch.no_grad():
        for parameter, average in zip(trained, averages, strict=True):
            parameter.copy_(average)
    return network.eval().requires_grad_(False)


def is_ve(config) -> bool:
    # One of the configurations, ncsn/celeba, names it `loss`.
    kind = config.training.get("sde", config.training.get("loss"))
    if kind not in ("vesde", "vpsde", "subvpsde"):
        raise ConversionError(f"training.sde: seen {kind}, expected vesde, vpsde or subvpsde")
    return kind == "vesde"


def sde_of(config):
    sde_lib = importlib.import_module("sde_lib")
    model = config.model
    if is_ve(config):
        return sde_lib.VESDE(model.sigma_min, model.sigma_max, model.num_scales)
    kind = sde_lib.VPSDE if config.training.sde == "vpsde" else sde_lib.subVPSDE
    return kind(model.beta_min, model.beta_max, model.num_scales)


def ve(config) -> dict:
    """Variance exploding: the output is the score; the time sigma, or a label, 0 = most noise."""
    model = config.model
    score = {"input": {"scaling": "none"}, "output": {"kind": "score"}}
    if config.training.continuous:
        process = {"kind": "ve", "sigmaMin": model.sigma_min, "sigmaMax": model.sigma_max}
        return {"forwardProcess": process, "score": {**score, "time": {"kind": "sigma"}}}
    table = spaced("geometric", model.sigma_min, model.sigma_max, model.num_scales)
    return {
        "forwardProcess": {"kind": "smld", "sigmas": table},
        "continuous": False,
        "levels": model.num_scales,
        "score": {**score, "time": {"kind": "reversed-step"}},
    }


def vp(config) -> dict:
    """VP and sub-VP: the output is the noise; the time 999 t, or the number of a noise level."""
    model = config.model
    score = {"input": {"scaling": "none"}, "output": {"kind": "noise"}}
    if config.training.continuous or config.training.sde == "subvpsde":
        kind = config.training.sde.removesuffix("sde")
        process = {"kind": kind, "betaMin": model.beta_min, "betaMax": model.beta_max}
        return {"forwardProcess": process, "score": {**score, "time": {"kind": "t-times-999"}}}
    count = model.num_scales
    table = spaced("linear", model.beta_min / count, model.beta_max / count, count)
    return {
        "forwardProcess": {"kind": "ddpm", "betas": table},
        "continuous": False,
        "levels": count,
        "score": {**score, "time": {"kind": "step"}},
    }


def spaced(spacing: str, first: float, last: float, count: int) -> dict:
    return {"spacing": spacing, "first": first, "last": last, "count": count}


def sampler(config) -> dict:
    """The configuration's own sampler, where a manifest can name it; else the default."""
    sampling = config.sampling
    predictor = PREDICTORS.get(sampling.get("predictor"))
    corrector = CORRECTORS.get(sampling.get("corrector"))
    if sampling.get("method") != "pc" or predictor is None or corrector is None:
        return {}
    entry = {
        "method": "predictor-corrector",
        "predictor": predictor,
        "corrector": corrector,
        "steps": config.model.num_scales,
        "correctorSteps": sampling.n_steps_each,
        "signalToNoise": sampling.snr,
    }
    return {"sampler": entry}


def levels(config) -> list[float]:
    """Times of noise levels, at which float32 gives the project the level's own number again.

    It truncates t (N - 1), which for half of the levels of some N is the number below (VP).
    """
    last = config.model.num_scales - 1

    def time(level: int) -> float:
        while int(torch.tensor(level / last, dtype=torch.float32) * last) != level:
            level += 1
        return level / last

    return [time(round(share * last)) for share in (0, 0.05, 0.3, 0.7)] + [1.0]


def marginal(sde, continuous: bool, t: float) -> tuple[float, float]:
    """Mean and std at t; of a discrete VP process, those of its table."""
    if not continuous and hasattr(sde, "sqrt_alphas_cumprod"):
        level = round(t * (sde.N - 1))
        return float(sde.sqrt_alphas_cumprod[level]), float(sde.sqrt_1m_alphas_cumprod[level])
    mean, std = sde.marginal_prob(torch.ones(1, 1, 1, 1), torch.tensor([t]))
    return float(mean), float(std)


def label(config, t: float) -> torch.Tensor:
    model, continuous = config.model, config.training.continuous
    if is_ve(config):
        if continuous:
            return torch.tensor(model.sigma_min * (model.sigma_max / model.sigma_min) ** t)
        return torch.tensor(round((1 - t) * (model.num_scales - 1)))
    if continuous or config.training.sde == "subvpsde":
        return torch.tensor(999 * t)
    return torch.tensor(float(round(t * (model.num_scales - 1))))


if __name__ == "__main__":
    command(__doc__.split("\n")[0], flags, load)
