"""Convert a folder of diffusers, a UNet2DModel and its scheduler, into a model's folder.

    python convert/diffusers_unet.py --model ddpm-cifar10-32 --out ../models/ddpm-cifar10-32

--model is a folder on this machine: of a pipeline (with unet/ and scheduler/), or with the
network's config.json and a scheduler_config.json side by side. Needs the package diffusers.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import diffusers
import torch
from checkpoint import Checkpoint, ClassInput, ConversionError
from diffusers import DDPMScheduler, UNet2DModel
from folder import classes_flag, command, sha256
from torch import nn

OUTPUTS = {"epsilon": "noise", "sample": "denoised", "v_prediction": "velocity"}
CONTINUOUS_TIMES = (1e-3, 0.05, 0.3, 0.7, 1.0)


class Raw(nn.Module):
    """The network's output as a tensor."""

    def __init__(self, unet: UNet2DModel):
        super().__init__()
        self.unet = unet

    def forward(
        self, x: torch.Tensor, time: torch.Tensor, classes: torch.Tensor | None = None
    ) -> torch.Tensor:
        return self.unet(x, time, class_labels=classes, return_dict=False)[0]


def flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="the folder")
    classes_flag(parser)
    parser.add_argument("--null-class", type=int, help="the class that stands for none: its index")


def load(args: argparse.Namespace) -> Checkpoint:
    unet_folder = subfolder(args.model, "unet", "config.json")
    unet = UNet2DModel.from_pretrained(
        unet_folder, torch_dtype=torch.float32, local_files_only=True
    )
    classes = class_input(unet.config, args)
    scheduler = scheduler_of(subfolder(args.model, "scheduler", "scheduler_config.json"))
    network = Raw(unet.eval().requires_grad_(False))
    convert = ve if isinstance(scheduler, diffusers.ScoreSdeVeScheduler) else ddpm
    checkpoint = replace(convert(network, unet.config, scheduler), classes=classes)
    checkpoint.manifest["provenance"] = {
        "source": f"diffusers, {args.model.resolve().name}",
        **weights_sha256(unet_folder),
    }
    return checkpoint


def class_input(config, args: argparse.Namespace) -> ClassInput | None:
    """Where num_class_embeds is set: the class by its index. A last class for none has no name."""
    if config.class_embed_type is not None:
        raise ConversionError(
            f"class_embed_type: seen {config.class_embed_type}, expected none, or num_class_embeds"
        )
    count, null = config.num_class_embeds or 0, args.null_class
    if null is not None and not 0 <= null < count:
        raise ConversionError(f"--null-class: seen {null}, expected 0 to {count - 1}")
    count -= null is not None and null == count - 1
    if len(args.classes or ()) not in (0, count):
        raise ConversionError(f"--classes: seen {len(args.classes)} names, expected {count}")
    if count == 0:
        return None
    return ClassInput(args.classes or [str(index) for index in range(count)], "index", null)


def subfolder(model: Path, name: str, file: str) -> Path:
    for folder in (model / name, model):
        if (folder / file).is_file():
            return folder
    raise ConversionError(
        f"--model: seen no {file} in {model} or {model / name}, expected it in one of them"
    )


def scheduler_of(folder: Path):
    """The scheduler that the folder names; of those with a table of betas, DDPM's."""
    name = json.loads((folder / "scheduler_config.json").read_text()).get("_class_name")
    if name == "ScoreSdeVeScheduler":
        return diffusers.ScoreSdeVeScheduler.from_pretrained(folder)
    named = getattr(diffusers, str(name), None)
    if named is None or not hasattr(scheduler := named.from_pretrained(folder), "alphas_cumprod"):
        raise ConversionError(
            f"scheduler: seen {name}, expected ScoreSdeVeScheduler or one with a table of betas, "
            "such as DDPMScheduler"
        )
    # Clipping belongs to a sampler and not to the network.
    return DDPMScheduler.from_config(scheduler.config, clip_sample=False, thresholding=False)


def weights_sha256(folder: Path) -> dict:
    """Of the weights' file, where they are in one."""
    files = [
        *folder.glob("diffusion_pytorch_model.safetensors"),
        *folder.glob("diffusion_pytorch_model.bin"),
    ]
    return {"checkpointSha256": sha256(files[0])} if files else {}


def shape(config) -> dict:
    size = config.sample_size
    height, width = (size, size) if isinstance(size, int) else size
    return {"channels": config.in_channels, "height": height, "width": width}


def ve(network: nn.Module, config, scheduler) -> Checkpoint:
    """ScoreSdeVe: the network is given sigma and gives the score, as score_sde's NCSN++."""
    low, high, eps = (scheduler.config[key] for key in ("sigma_min", "sigma_max", "sampling_eps"))

    def sigma(t: float) -> float:
        return low * (high / low) ** t

    return Checkpoint(
        network=network,
        manifest={
            "shape": shape(config),
            # A network that centres its input was trained on [0, 1].
            "dataRange": [0, 1] if config.center_input_sample else [-1, 1],
            "forwardProcess": {"kind": "ve", "sigmaMin": low, "sigmaMax": high},
            "samplingEps": eps,
            "score": {
                "input": {"scaling": "none"},
                "time": {"kind": "sigma"},
                "output": {"kind": "score"},
            },
            "sampler": {
                "method": "predictor-corrector",
                "predictor": "reverse-diffusion",
                "corrector": "langevin",
                "steps": scheduler.config.num_train_timesteps,
                "correctorSteps": scheduler.config.correct_steps,
                "signalToNoise": scheduler.config.snr,
            },
        },
        times=CONTINUOUS_TIMES,
        marginal=lambda t: (1.0, sigma(t)),
        label=lambda t: torch.tensor(sigma(t)),
        # scheduler.step_pred and step_correct take the network's output for the score as it is.
        score=lambda x, t, *classes: network(x, torch.full((len(x),), sigma(t)), *classes),
    )


def ddpm(network: nn.Module, config, scheduler: DDPMScheduler) -> Checkpoint:
    """DDPM: the time is the number of a noise level; prediction_type says what the output is."""
    betas, kind = scheduler.betas, scheduler.config.prediction_type
    if kind not in OUTPUTS:
        raise ConversionError(f"prediction_type: seen {kind}, expected one of {', '.join(OUTPUTS)}")
    if not float(betas.max()) < 1:
        raise ConversionError(
            f"betas: seen {float(betas.max())}, expected less than 1: no model here ends at zero "
            "signal (rescale_betas_zero_snr)"
        )
    last, output = len(betas) - 1, {"kind": OUTPUTS[kind]}
    if config.out_channels != config.in_channels:
        output["channels"] = config.out_channels  # a learned variance, which is dropped

    def level(t: float) -> int:
        return round(t * last)

    def score(x: torch.Tensor, t: float, *classes: torch.Tensor) -> torch.Tensor:
        """By the scheduler's own estimate of x0, in float64: score = (mean x0 - x) / std^2."""
        out = network(x, torch.full((len(x),), level(t)), *classes)[:, : config.in_channels]
        x = x.double()
        x0 = scheduler.step(out.double(), level(t), x).pred_original_sample
        signal = scheduler.alphas_cumprod[level(t)].double()
        return (signal.sqrt() * x0 - x) / (1 - signal)

    return Checkpoint(
        network=network,
        manifest={
            "shape": shape(config),
            "dataRange": [0, 1] if config.center_input_sample else [-1, 1],
            "forwardProcess": {"kind": "ddpm", "betas": table(scheduler)},
            "continuous": False,
            "levels": len(betas),
            "score": {"input": {"scaling": "none"}, "time": {"kind": "step"}, "output": output},
            "sampler": {
                "method": "predictor-corrector",
                "predictor": "ancestral",
                "corrector": "none",
                "steps": len(betas),
            },
        },
        times=[round(share * last) / last for share in (0, 0.05, 0.3, 0.7, 1)],
        marginal=lambda t: signal_and_noise(scheduler, level(t)),
        label=lambda t: torch.tensor(level(t)),
        score=score,
    )


def signal_and_noise(scheduler: DDPMScheduler, level: int) -> tuple[float, float]:
    signal = float(scheduler.alphas_cumprod[level])
    return signal**0.5, (1 - signal) ** 0.5


def table(scheduler: DDPMScheduler) -> dict | list[float]:
    """The betas by rule where they follow one that manifests know, else in place."""
    config = scheduler.config
    spacing = {"linear": "linear", "scaled_linear": "quadratic"}.get(config.beta_schedule)
    if config.trained_betas is not None or config.rescale_betas_zero_snr or spacing is None:
        return [float(f"{beta:.9g}") for beta in scheduler.betas.tolist()]
    return {
        "spacing": spacing,
        "first": config.beta_start,
        "last": config.beta_end,
        "count": config.num_train_timesteps,
    }


if __name__ == "__main__":
    command(__doc__.split("\n")[0], flags, load)
