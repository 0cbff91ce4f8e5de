"""Train a noise-conditional classifier log p(y | x, sigma), for guidance.

    python classifier.py --pictures color-digits --data mnist --out runs/classifier --minutes 12

It reads the same inputs as the score network, c_in x and c_noise = ln(sigma)/4,
so that both can follow the same trajectory. Writes last.pt, loss.csv and
accuracy.json (accuracy on the test split at each of REPORT_SIGMA) into --out.
"""

import argparse
import json

import torch
from torch import nn
from torch.nn import functional as fn

from edm import c_in, c_noise, column
from objectives import stratified, uniform_ln_sigma
from pictures import KINDS, Pictures, noise_like, open_pictures
from processes import PROCESSES, Process, sigma_range
from run import LOG_EVERY, Run, add_arguments
from unet import GROUPS, NoiseEmbedding, ResidualBlock

REPORT_SIGMA = (0.001, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
LN_SIGMA = (-0.3, 1.5)  # mean and standard deviation of ln sigma, but for
TAIL = 0.3  # the share of rows that is uniform over the process's range

# Channels of each level; a level halves the resolution.
SIZES = {"demo": (32, 64, 96), "small": (64, 128, 192), "wide": (128, 256, 256, 512)}


class Classifier(nn.Module):
    """Logits [B, K] of x [B, C, H, W] already times c_in, at c_noise [B].

    The U-Net's residual blocks, one a level, strided convolutions between them,
    then the mean over the pixels and a linear layer.
    """

    def __init__(self, channels: tuple[int, ...], colors: int, classes: int):
        super().__init__()
        width = 2 * channels[0]
        self.embedding = NoiseEmbedding(width)
        self.conv_in = nn.Conv2d(colors, channels[0], 3, padding=1)
        self.blocks, self.down = nn.ModuleList(), nn.ModuleList()
        c = channels[0]
        for c_level in channels:
            self.blocks.append(ResidualBlock(c, c_level, width))
            self.down.append(nn.Conv2d(c_level, c_level, 3, stride=2, padding=1))
            c = c_level
        self.norm_out = nn.GroupNorm(GROUPS, c)
        self.out = nn.Linear(c, classes)

    def forward(self, x: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
        embedding = self.embedding(c_noise)
        x = self.conv_in(x)
        for block, down in zip(self.blocks, self.down, strict=True):
            x = down(block(x, embedding))
        return self.out(fn.silu(self.norm_out(x)).mean(dim=(2, 3)))


def noised_logits(
    network: nn.Module, x0: torch.Tensor, noise: torch.Tensor, sigma: torch.Tensor
) -> torch.Tensor:
    """Logits [B, K] of x0 + sigma noise."""
    x = x0 + column(sigma) * noise
    return network(c_in(sigma) * x, c_noise(sigma)).float()


def row_losses(network: nn.Module, x0, noise, sigma, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the labels [B], in nats, one value a row [B]."""
    return fn.cross_entropy(noised_logits(network, x0, noise, sigma), labels, reduction="none")


def draw_sigma(process: Process, size: int) -> torch.Tensor:
    """Noise levels [size]: ln sigma normal, for TAIL of them uniform."""
    mean, std = LN_SIGMA
    normal = (mean + std * torch.randn(size)).exp().clamp(*sigma_range(process))
    shuffled = uniform_ln_sigma(process, size)[torch.randperm(size)]
    return torch.where(stratified(size) < TAIL, shuffled, normal)


@torch.no_grad()
def accuracy(network: nn.Module, test: Pictures, sigma: float, rows: int, device: str) -> float:
    """Share of test pictures (drawn with replacement) classified rightly at one sigma."""
    test.generator.manual_seed(0)
    generator, right = torch.Generator().manual_seed(0), 0
    for first in range(0, rows, 500):
        x0, labels = test.batch(min(500, rows - first))
        noise = torch.randn(x0.shape, generator=generator)
        inputs = (x0, noise, torch.full((len(x0),), sigma))
        logits = noised_logits(network, *(value.to(device) for value in inputs))
        right += (logits.argmax(dim=1).cpu() == labels).sum().item()
    return right / rows


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_arguments(parser, out="runs/classifier", batch=128, lr=2e-3, warmup=100, ema=300)
    add = parser.add_argument
    add("--pictures", choices=KINDS, default="color-digits", help="what --data holds")
    add("--process", choices=tuple(PROCESSES), default="vp", help="the score's forward process")
    add("--size", choices=tuple(SIZES), default="demo", help="of the network")
    add("--test-rows", type=int, default=10_000, help="pictures of an accuracy in accuracy.json")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.manual_seed(args.seed)
    process = PROCESSES[args.process]()
    train = open_pictures(args.pictures, args.data, "train", args.seed, args.device)
    if not train.classes:
        raise SystemExit(f"--data {args.data}: no classes, expected a folder for each")
    colors, classes = train.shape[0], len(train.classes)
    network = Classifier(SIZES[args.size], colors, classes).to(args.device)
    adam = torch.optim.AdamW(network.parameters(), weight_decay=0.01)

    run = Run(args, network, adam, train)
    for step in run.steps():
        x0, labels = train.batch(args.batch)
        sigma = draw_sigma(process, args.batch)
        run.descend(row_losses, x0, noise_like(x0, train), sigma, labels)
        if step % LOG_EVERY == 0 or run.done:
            run.log()

    test = open_pictures(args.pictures, args.data, "test", seed=0)
    rows = args.test_rows
    report = {str(s): accuracy(run.ema, test, s, rows, args.device) for s in REPORT_SIGMA}
    (run.out / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
