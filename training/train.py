"""Train a score network by denoising score matching (Song et al. 2021, equation 7).

    python train.py --pictures color-digits --data mnist --out runs/score --minutes 78
    python train.py --pictures cifar10 --data cifar10 --process subvp --objective likelihood \\
        --size small --minutes 2880 --batch 128 --lr 2e-4
    python train.py --pictures folder --data my-pictures --size small

Writes into --out: last.pt (everything needed to go on: run the same command
again), loss.csv, samples-<step>.png by 18 steps of Heun's method with the
averaged weights. Ends when --minutes of active time have passed, or after --steps.
"""

import argparse

import torch

from edm import row_losses, sample_heun
from objectives import OBJECTIVES
from pictures import KINDS, Pictures, noise_like, open_pictures
from processes import PROCESSES, Process, sigma_range
from run import LOG_EVERY, SAVE_EVERY, Run, add_arguments
from sheet import save_sheet
from unet import SIZES, UNet

# ln sigma at which the test loss is read: EDM's normal for training, cut into eighths.
TEST_LN_SIGMA = tuple(-0.6 + 1.4 * z for z in (-1.53, -0.89, -0.49, -0.16, 0.16, 0.49, 0.89, 1.53))
TEST_ROWS = 512
SHEET_ROWS = 64


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, out="runs/score", batch=64, lr=1.5e-3, warmup=200, ema=1000)
    add = parser.add_argument
    add("--pictures", choices=KINDS, default="color-digits", help="what --data holds")
    add("--process", choices=tuple(PROCESSES), default="vp", help="the forward process")
    add("--objective", choices=tuple(OBJECTIVES), default="edm", help="see objectives.py")
    add("--size", choices=tuple(SIZES), default="demo", help="of the network, see unet.py")
    add("--sheet-every", type=int, default=1000, help="steps between sample sheets")
    return parser.parse_args()


@torch.no_grad()
def test_loss(network: torch.nn.Module, test: Pictures, device: str) -> float:
    """|F - target|^2 of TEST_ROWS test pictures with fixed noise, the mean over TEST_LN_SIGMA."""
    rows = min(TEST_ROWS, len(test))
    test.generator.manual_seed(0)
    x0 = test.at(torch.arange(rows))
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor(TEST_LN_SIGMA).exp().repeat(rows // len(TEST_LN_SIGMA) + 1)[:rows]
    inputs = (x0, noise, sigma, torch.ones(rows))
    parts = zip(*(v.to(device).split(64) for v in inputs), strict=True)
    return torch.cat([row_losses(network, *part) for part in parts]).mean().item()


def sample_sheet(network: torch.nn.Module, process: Process, noise: torch.Tensor) -> torch.Tensor:
    """Samples of the shape of `noise`, from no more noise than the network was trained on."""
    return sample_heun(network, noise, sigma_max=min(80.0, sigma_range(process)[1]))


def main() -> None:
    args = arguments()
    torch.manual_seed(args.seed)
    process = PROCESSES[args.process]()
    train = open_pictures(args.pictures, args.data, "train", args.seed, args.device)
    test = open_pictures(args.pictures, args.data, "test", seed=0)
    network = UNet(SIZES[args.size], train.shape).to(args.device)
    adam = torch.optim.Adam(network.parameters(), betas=(0.9, 0.99))
    sheet_noise = torch.randn(
        SHEET_ROWS, *train.shape, generator=torch.Generator().manual_seed(args.seed)
    ).to(args.device)

    run = Run(args, network, adam, train, columns=("test_loss_ema",))
    for step in run.steps():
        x0, _ = train.batch(args.batch)
        sigma, weight = OBJECTIVES[args.objective](process, args.batch)
        run.descend(row_losses, x0, noise_like(x0, train), sigma, weight)
        if step % LOG_EVERY == 0 or run.done:
            tested = step % SAVE_EVERY == 0 or run.done
            run.log(test_loss(run.ema, test, args.device) if tested else "")
        if step % args.sheet_every == 0 or run.done:
            samples = sample_sheet(run.ema, process, sheet_noise)
            save_sheet(samples, run.out / f"samples-{step:06d}.png")


if __name__ == "__main__":
    main()
