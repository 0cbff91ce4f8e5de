"""Write checkpoints with random weights at CIFAR-10's size in the forms that are converted.

    python convert/random_checkpoints.py --score-sde PATH --edm PATH --out runs/checkpoints

To see the converters work without a trained checkpoint. Layers that start at zero are given weights
too, so that every one of them counts in the output.
"""

import argparse
import importlib
import math
import pickle
import sys
from pathlib import Path

import torch
from torch import nn

# CIFAR-10's networks as diffusers has them: ddpm-cifar10-32 and NCSN++ with its skips.
DDPM = {
    "sample_size": 32,
    "block_out_channels": (128, 256, 256, 256),
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    "downsample_padding": 0,
    "flip_sin_to_cos": False,
    "freq_shift": 1,
    "attention_head_dim": None,
    "norm_eps": 1e-6,
}
NCSNPP = {
    "sample_size": 32,
    "block_out_channels": (128, 256, 256, 256),
    "layers_per_block": 4,
    "down_block_types": (
        "SkipDownBlock2D",
        "AttnSkipDownBlock2D",
        "SkipDownBlock2D",
        "SkipDownBlock2D",
    ),
    "up_block_types": ("SkipUpBlock2D", "SkipUpBlock2D", "AttnSkipUpBlock2D", "SkipUpBlock2D"),
    "center_input_sample": True,
    "time_embedding_type": "fourier",
    "freq_shift": 0,
    "flip_sin_to_cos": True,
    "attention_head_dim": None,
    "mid_block_scale_factor": math.sqrt(2),
    "norm_eps": 1e-6,
    "norm_num_groups": None,
}
# EDM's for CIFAR-10: its preconditioning, the options of train.py's --arch, of --cond and --cres.
EDM = {
    "edm-ddpmpp": ("EDMPrecond", "ddpmpp", {}),
    "vp-ddpmpp": ("VPPrecond", "ddpmpp", {}),
    "ve-ncsnpp": ("VEPrecond", "ncsnpp", {}),
    "edm-adm": ("EDMPrecond", "adm", {}),
    "edm-ddpmpp-classes": ("EDMPrecond", "ddpmpp", {"label_dim": 10, "label_dropout": 0.1}),
}
DIFFUSERS = ("diffusers-ddpm", "diffusers-ncsnpp", "diffusers-ddpm-classes")
CLASSES = 10  # of diffusers-ddpm-classes, and one that stands for none
ARCHITECTURES = {
    "ddpmpp": {
        "model_type": "SongUNet",
        "augment_dim": 9,
        "channel_mult": [2, 2, 2],
    },
    "ncsnpp": {
        "model_type": "SongUNet",
        "augment_dim": 9,
        "channel_mult": [2, 2, 2],
        "embedding_type": "fourier",
        "encoder_type": "residual",
        "channel_mult_noise": 2,
        "resample_filter": [1, 3, 3, 1],
    },
    "adm": {"model_type": "DhariwalUNet", "augment_dim": 9},
}


@torch.no_grad()
def awaken(network: nn.Module) -> nn.Module:
    """Give parameters that start at (nearly) zero weights, by their fan-in."""
    for parameter in network.parameters():
        if parameter.requires_grad and float(parameter.abs().max()) < 1e-3:
            fan_in = math.prod(parameter.shape[1:]) if parameter.dim() > 1 else 100
            parameter.normal_(std=fan_in**-0.5)
    return network.eval()


def score_sde(code: Path, config_path: str, path: Path) -> None:
    import score_sde as converter

    config = converter.configuration(code, config_path)
    network = awaken(converter.network_of(config))
    averages = [one.clone() for one in network.parameters() if one.requires_grad]
    # The last weights differ from the averages, so that taking the wrong ones shows.
    last = {
        f"module.{name}": 0.9 * value
        for name, value in network.state_dict().items()
        if name != "sigmas"
    }
    last |= {
        f"module.{name}": value
        for name, value in network.named_parameters()
        if not value.requires_grad
    }
    ema = {"decay": config.model.ema_rate, "num_updates": 1, "shadow_params": averages}
    torch.save({"optimizer": {}, "model": last, "ema": ema, "step": 1}, path)


def diffusers_folder(name: str, out: Path) -> None:
    from diffusers import DDPMScheduler, ScoreSdeVeScheduler, UNet2DModel

    if name == "diffusers-ncsnpp":
        awaken(UNet2DModel(**NCSNPP)).save_pretrained(out / "unet")
        ScoreSdeVeScheduler(sigma_max=50).save_pretrained(out / "scheduler")
        return
    classes = {"num_class_embeds": CLASSES + 1} if name == "diffusers-ddpm-classes" else {}
    awaken(UNet2DModel(**DDPM, **classes)).save_pretrained(out)
    DDPMScheduler(variance_type="fixed_large").save_pretrained(out)


def edm(code: Path, names: list[str], out: Path) -> None:
    sys.path.insert(0, str(code.resolve()))
    networks = importlib.import_module("training.networks")
    for name in names:
        preconditioning, architecture, options = EDM[name]
        network = getattr(networks, preconditioning)(
            img_resolution=32, img_channels=3, **ARCHITECTURES[architecture], **options
        )
        with (out / f"{name}.pkl").open("wb") as file:
            pickle.dump({"ema": awaken(network)}, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--score-sde", type=Path, help="a copy of score_sde_pytorch")
    parser.add_argument(
        "--configs",
        nargs="+",
        default=["configs/ve/cifar10_ncsnpp_continuous.py"],
        help="its configurations",
    )
    parser.add_argument(
        "--diffusers",
        nargs="*",
        choices=DIFFUSERS,
        help="also of diffusers, which must be installed: these, or all",
    )
    parser.add_argument("--edm", type=Path, help="a copy of edm")
    parser.add_argument("--networks", nargs="+", choices=EDM, default=["edm-ddpmpp"], help="of edm")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    if args.score_sde is not None:
        import score_sde as converter

        converter.import_from(args.score_sde)
        for config in args.configs:
            stem = config.removeprefix("configs/").removesuffix(".py").replace("/", "-")
            score_sde(args.score_sde, config, args.out / f"{stem}.pth")
    if args.diffusers is not None:
        for name in args.diffusers or DIFFUSERS:
            diffusers_folder(name, args.out / name)
    if args.edm is not None:
        edm(args.edm, args.networks, args.out)


if __name__ == "__main__":
    main()
