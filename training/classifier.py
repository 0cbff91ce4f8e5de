"""Train the noise-conditional digit classifier log p(y | x, sigma) of color-digits.

    python classifier.py --data mnist --out runs/classifier --minutes 12

It reads the same inputs as the score network, c_in x and c_noise = ln(sigma)/4,
so that both can follow the same trajectory. Writes last.pt, loss.csv and
accuracy.json (accuracy on the test split at each of REPORT_SIGMA) into --out.
"""

import argparse
import copy
import csv
import json
import os
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as fn

from digits import CHANNELS, CLASSES, ColorDigits
from edm import c_in, c_noise, column, draw_sigma
from pace import ActiveClock, ema_decay, learning_rate, update_ema
from shares import Shares
from unet import GROUPS, NoiseEmbedding, ResidualBlock

REPORT_SIGMA = (0.001, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)


class Classifier(nn.Module):
    """Logits [B, 10] of x [B, 3, 32, 32] already times c_in, at c_noise [B].

    The U-Net's residual blocks, one a level, strided convolutions between them,
    then the mean over the pixels and a linear layer.
    """

    def __init__(self, channels: tuple[int, ...] = (32, 64, 96), width: int = 64):
        super().__init__()
        self.embedding = NoiseEmbedding(width)
        self.conv_in = nn.Conv2d(CHANNELS, channels[0], 3, padding=1)
        self.blocks, self.down = nn.ModuleList(), nn.ModuleList()
        c = channels[0]
        for c_level in channels:
            self.blocks.append(ResidualBlock(c, c_level, width))
            self.down.append(nn.Conv2d(c_level, c_level, 3, stride=2, padding=1))
            c = c_level
        self.norm_out = nn.GroupNorm(GROUPS, c)
        self.out = nn.Linear(c, CLASSES)

    def forward(self, x: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
        embedding = self.embedding(c_noise)
        x = self.conv_in(x)
        for block, down in zip(self.blocks, self.down, strict=True):
            x = down(block(x, embedding))
        return self.out(fn.silu(self.norm_out(x)).mean(dim=(2, 3)))


def noised_logits(
    network: nn.Module, x0: torch.Tensor, noise: torch.Tensor, sigma: torch.Tensor
) -> torch.Tensor:
    """Logits [B, 10] of x0 + sigma noise."""
    x = x0 + column(sigma) * noise
    return network(c_in(sigma) * x, c_noise(sigma)).float()


def row_losses(network: nn.Module, x0, noise, sigma, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the labels [B], in nats, one value a row [B]."""
    return fn.cross_entropy(noised_logits(network, x0, noise, sigma), labels, reduction="none")


@torch.no_grad()
def accuracy(network: nn.Module, data: str, sigma: float) -> float:
    """Share of 10,000 test digits (drawn with replacement) classified rightly at one sigma."""
    digits = ColorDigits(data, "test", seed=0)
    generator, right = torch.Generator().manual_seed(0), 0
    for _ in range(20):
        x0, labels = digits.batch(500)
        noise = torch.randn(x0.shape, generator=generator)
        logits = noised_logits(network, x0, noise, torch.full((500,), sigma))
        right += (logits.argmax(dim=1) == labels).sum().item()
    return right / 10_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", required=True, help="folder with the four MNIST idx files")
    add("--out", default="runs/classifier")
    add("--minutes", type=float, default=12, help="active training time; the decay ends with it")
    add("--batch", type=int, default=128)
    add("--lr", type=float, default=2e-3, help="peak learning rate")
    add("--ema", type=float, default=300, help="half-life of the averaged weights, steps")
    add("--threads", type=int, default=2, help="CPU threads")
    add("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shares = Shares(args.threads, device)
    torch.manual_seed(args.seed)
    model = Classifier().to(device)
    ema = copy.deepcopy(model).requires_grad_(False)
    adam = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    digits = ColorDigits(args.data, "train", args.seed, device)
    log = csv.writer((out / "loss.csv").open("w", buffering=1))
    log.writerow(["step", "minutes", "lr", "loss"])

    step, recent, budget, clock = 0, [], 60 * args.minutes, ActiveClock()
    while clock.seconds < budget:
        lr = learning_rate(args.lr, step, 100, clock.seconds / budget)
        for group in adam.param_groups:
            group["lr"] = lr
        x0, labels = digits.batch(args.batch)
        sigma = draw_sigma(args.batch, mean=-0.3, std=1.5, tail=0.3).to(device)
        loss = shares.backward(model, row_losses, x0, torch.randn_like(x0), sigma, labels)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        step += 1
        update_ema(ema, model, ema_decay(step, args.ema))
        recent.append(loss)
        clock.tick()

        done = clock.seconds >= budget
        if step % 100 == 0 or done:
            mean, recent = torch.stack(recent).mean().item(), []
            log.writerow([step, round(clock.seconds / 60, 2), f"{lr:.3g}", f"{mean:.4f}"])
            state = {"ema": ema.state_dict(), "step": step, "args": vars(args)}
            torch.save(state, out / "last.tmp")
            os.replace(out / "last.tmp", out / "last.pt")

    report = {str(sigma): accuracy(ema.cpu(), args.data, sigma) for sigma in REPORT_SIGMA}
    (out / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
