"""Compare the server's ODE sampler and likelihoods with those of score_sde_pytorch.

    python convert/compare_reference.py --code PATH --checkpoint checkpoint_24.pth \
        --config configs/ve/cifar10_ncsnpp_continuous.py --server 127.0.0.1:50051 --model cifar10-ve

--model is the folder that score_sde.py made of this checkpoint, served at --server. Same weights,
same initial noise, same dequantisation, same probe: the project's own sampling.py and
likelihood.py, in PyTorch, against Sample and LogLikelihood. Both solve by Dormand-Prince with the
tolerance of --tolerance; one picture, for the project gives all of a batch one step size.
Needs scipy and clients/python.

Exit code 1 where pictures differ by more than 1e-2 or bits per dimension by more than 0.01.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path
from unittest import mock

import noise
import numpy as np
import score_sde
import torch
from checkpoint import ConversionError
from scorestream import Client, ProbabilityFlow, Sampler, ScoreStreamError
from scorestream.v1.scorestream_pb2 import LikelihoodSettings
from torch import nn

PICTURES = 1e-2  # largest difference accepted; of pictures beyond [-1, 1] over the largest value
BITS = 0.01  # per dimension
SEED = 20
LIKELIHOOD_EPS = 1e-5


def dequantized(config, levels: np.ndarray, served: LikelihoodSettings) -> np.ndarray:
    """Levels as a point of data space by the project's rule, which must be the server's rule too.

    The project: x = scaler((u + 255 image) / 256), offset 7 - inverse_scaler(-1). The server:
    x = low + (high - low) (level + u) / 2^bits, offset bits - log2(high - low). Same u.

    levels: uint8 [C, H, W]. served: what the server says that it used. Returns float32 [C, H, W].
    """
    u = noise.uniforms(levels.size, seed=SEED, sample=0, draw=0).reshape(levels.shape)
    image = levels.astype(np.float32) / np.float32(255)
    unit = (u + np.float32(255) * image) / np.float32(256)
    theirs = unit * 2 - 1 if config.data.centered else unit
    width = (served.data_high - served.data_low) / 2**served.bits
    ours = served.data_low + width * (levels + u.astype(np.float64))
    offsets = (7 - inverse_scaler(config)(-1.0), -np.log2(width))
    difference = float(np.abs(theirs - ours).max())
    print(f"dequantised points differ by {difference:.1e}; offsets {offsets[0]} and {offsets[1]}")
    if not (difference < 1e-6 and offsets[0] == offsets[1]):
        raise ConversionError("the rules of dequantisation differ")
    return theirs


def inverse_scaler(config):
    """datasets.get_data_inverse_scaler, whose module needs JAX and TensorFlow."""
    return (lambda x: (x + 1) / 2) if config.data.centered else (lambda x: x)


def picture(shape: tuple[int, int, int]) -> np.ndarray:
    """uint8 [C, H, W]: smooth waves of a hue, with grain of a few levels."""
    channels, height, width = shape
    c, y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    waves = 128 + 60 * np.sin(2 * np.pi * (x / width + c / channels)) * np.cos(5 * y / height)
    grain = np.random.default_rng(SEED).integers(-4, 5, shape)
    return np.clip(waves + grain, 0, 255).astype(np.uint8)


def compare_samples(network: nn.Module, sde, config, ask) -> bool:
    """One picture of the same noise by both, its last denoising as the configuration has it."""
    # The project's for sampling, of run_lib.py.
    eps = 1e-5 if score_sde.is_ve(config) else 1e-3
    denoise = bool(config.sampling.noise_removal)
    shape = (1, config.data.num_channels, config.data.image_size, config.data.image_size)
    scale = config.model.sigma_max if score_sde.is_ve(config) else 1
    drawn = noise.normals(int(np.prod(shape)), seed=SEED, sample=0, draw=0)
    z = torch.from_numpy(scale * drawn).reshape(shape)
    sampler = Sampler(probability_flow=ask.solver, time_eps=eps, denoise=denoise)
    job = ask.client.sample(model=ask.model, seed=SEED, sampler=sampler, format="raw-float32")
    ours = job.numpy()
    sampling = importlib.import_module("sampling")
    reference = sampling.get_ode_sampler(
        sde, shape, lambda x: x, denoise=denoise, eps=eps, device="cpu", **ask.tolerances
    )
    began = time.monotonic()
    theirs, evaluations = reference(network, z=z)
    seconds = time.monotonic() - began
    # A network with random weights does not leave pictures in the data's range.
    largest = max(1.0, float(theirs.abs().max()))
    difference = float(np.abs(ours - theirs.numpy()).max()) / largest
    print(
        f"sample: largest value {largest:.3g}, largest difference {difference:.1e} of that; "
        f"evaluations {evaluations} (PyTorch, {seconds:.0f} s) and {job.completed.evaluations}",
        flush=True,
    )
    return difference <= PICTURES


def compare_likelihoods(network: nn.Module, sde, config, levels: np.ndarray, ask) -> bool:
    """Bits per dimension of one picture, uint8 [C, H, W], with both."""
    image = levels.transpose(1, 2, 0)  # as levels, so that the server dequantises
    job = ask.client.log_likelihood(
        [image], model=ask.model, solver=ask.solver, time_eps=LIKELIHOOD_EPS, seed=SEED
    )
    [ours] = job.likelihoods()
    point = torch.from_numpy(dequantized(config, levels, job.completed.likelihood))[None]
    probe = noise.rademacher(levels.size, seed=SEED, sample=0, draw=1).reshape(point.shape)
    likelihood = importlib.import_module("likelihood").get_likelihood_fn(
        sde, inverse_scaler(config), eps=LIKELIHOOD_EPS, **ask.tolerances
    )
    began = time.monotonic()
    # The project draws 0 or 1 and takes twice that, less 1.
    drawn = torch.from_numpy((probe + 1) / 2)
    with mock.patch.object(torch, "randint_like", lambda *_, **__: drawn):
        theirs, _, evaluations = likelihood(network, point)
    seconds = time.monotonic() - began
    difference = abs(ours.bits_per_dim - float(theirs))
    print(
        f"likelihood: {float(theirs):.5f} and {ours.bits_per_dim:.5f} bits/dim, difference "
        f"{difference:.1e}; evaluations {evaluations} (PyTorch, {seconds:.0f} s) and "
        f"{ours.evaluations}"
    )
    return difference <= BITS


class Ask:
    """The server, and how it is asked."""

    def __init__(self, args: argparse.Namespace):
        self.client, self.model = Client(args.server), args.model
        self.tolerances = {"rtol": args.tolerance, "atol": args.tolerance}
        self.solver = ProbabilityFlow(
            solver="rk45",
            relative_tolerance=args.tolerance,
            absolute_tolerance=args.tolerance,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    score_sde.flags(parser)
    parser.add_argument("--server", required=True, help="HOST:PORT, of gRPC")
    parser.add_argument("--model", required=True, help="the model's name there")
    parser.add_argument("--only", choices=("sample", "likelihood"))
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    try:
        noise.check()
        score_sde.import_from(args.code)
        config = score_sde.configuration(args.code, args.config)
        network = score_sde.averaged(score_sde.network_of(config), args.checkpoint)
        sde, ask = score_sde.sde_of(config), Ask(args)
        if not config.training.continuous:
            raise ConversionError("the project has its ODE for continuous training alone")
        shape = (config.data.num_channels, config.data.image_size, config.data.image_size)
        equal = []
        if args.only != "likelihood":
            equal.append(compare_samples(network, sde, config, ask))
        if args.only != "sample":
            equal.append(compare_likelihoods(network, sde, config, picture(shape), ask))
    except (ConversionError, ScoreStreamError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    sys.exit(0 if all(equal) else 1)


if __name__ == "__main__":
    main()
