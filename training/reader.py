"""Train the reader of color-digits: a classifier of clean digits, to judge samples with.

    python reader.py --data mnist --out runs/reader

It has never seen more noise than a sample's own flaws, has no input for the noise level
and nothing in common with classifier.py (batch norm and max pooling, plain convolutions,
flattened at the end), so that guided samples can be read by something other than what
guided them. Writes last.pt, accuracy.json (test split, clean and with each flaw) and
reader.onnx into --out:

    x [batch, 3, 32, 32] in [-1, 1] -> logits [batch, 10]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as fn

import flaws
from digits import CHANNELS, CLASSES, SIZE, ColorDigits
from export import BATCHES, OPSET, TOLERANCE, parameters, session
from pace import learning_rate


class Reader(nn.Module):
    """Logits [B, 10] of x [B, 3, 32, 32] in [-1, 1].

    Three levels of two convolutions, each with batch norm and ReLU, and max pooling to
    half the size; then a linear layer on what is left of the picture, 4x4.
    """

    def __init__(self, channels: tuple[int, ...] = (16, 32, 48)):
        super().__init__()
        layers, c = [], CHANNELS
        for c_level in channels:
            for _ in range(2):
                layers += [nn.Conv2d(c, c_level, 3, padding=1, bias=False)]
                layers += [nn.BatchNorm2d(c_level), nn.ReLU()]
                c = c_level
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3))
        self.out = nn.Linear(c * (SIZE >> len(channels)) ** 2, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.features(x))


@torch.no_grad()
def accuracy(network: nn.Module, data: str, flaw=None) -> float:
    """Share of the 10,000 test digits, each once, that are read rightly with a flaw."""
    digits = ColorDigits(data, "test", seed=0)
    generator, right = torch.Generator().manual_seed(0), 0
    for pick in torch.arange(len(digits)).split(500):
        x = digits.colored(pick)
        x = x if flaw is None else flaw(x, generator)
        right += (network(x).argmax(dim=1) == digits.labels[pick]).sum().item()
    return right / len(digits)


def export(network: nn.Module, path: Path) -> None:
    """Write the network with a free batch, its batch norms unfolded, and check it.

    Raises SystemExit if the graph differs from PyTorch by more than TOLERANCE.
    """
    torch.onnx.export(
        network,
        torch.randn(2, CHANNELS, SIZE, SIZE),
        path,
        opset_version=OPSET,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={name: {0: "batch"} for name in ("x", "logits")},
        training=torch.onnx.TrainingMode.PRESERVE,  # in eval mode, but not folded
        dynamo=False,
    )
    onnx.checker.check_model(onnx.load(path), full_check=True)
    error = largest_error(network, path)
    if not error < TOLERANCE:
        raise SystemExit(f"{path.name}: relative error {error:.2e}, at most {TOLERANCE} allowed")
    print(f"{path.name}: {path.stat().st_size} bytes, relative error {error:.1e}")


@torch.no_grad()
def largest_error(network: nn.Module, path: Path) -> float:
    """The largest relative error of the graph over batch sizes."""
    graph, worst = session(path), 0.0
    for batch in BATCHES:
        x = torch.rand(batch, CHANNELS, SIZE, SIZE) * 2 - 1
        expected = network(x).numpy()
        (seen,) = graph.run(None, {"x": x.numpy()})
        worst = max(worst, float(np.abs(seen - expected).max() / np.abs(expected).max()))
    return worst


def train(network: nn.Module, args: argparse.Namespace) -> None:
    """Cross-entropy on flawed training digits by AdamW; the rate follows a cosine to 0."""
    digits = ColorDigits(args.data, "train", args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    adam = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    recent: list[torch.Tensor] = []
    for step in range(args.steps):
        for group in adam.param_groups:
            group["lr"] = learning_rate(args.lr, step, 100, step / args.steps)
        x, labels = digits.batch(args.batch)
        x = flaws.any_of_all(x, generator)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        loss = fn.cross_entropy(logits.float(), labels, label_smoothing=0.05)
        adam.zero_grad()
        loss.backward()
        adam.step()
        recent.append(loss.detach())
        if (step + 1) % 500 == 0:
            mean, recent = torch.stack(recent).mean().item(), []
            print(f"step {step + 1}: loss {mean:.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", required=True, help="folder with the four MNIST idx files")
    add("--out", default="runs/reader")
    add("--steps", type=int, default=8000)
    add("--batch", type=int, default=128)
    add("--lr", type=float, default=4e-3, help="peak learning rate")
    add("--threads", type=int, default=2, help="CPU threads")
    add("--seed", type=int, default=7)
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    network = Reader().to(memory_format=torch.channels_last)  # twice as fast
    train(network, args)
    network.eval().requires_grad_(False)
    torch.save(network.state_dict(), out / "last.pt")
    report = {"clean": accuracy(network, args.data)}
    report |= {name: accuracy(network, args.data, flaw) for name, flaw in flaws.WORST.items()}
    (out / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")
    print(f"{parameters(network)} parameters, accuracy {json.dumps(report)}")
    export(network, out / "reader.onnx")


if __name__ == "__main__":
    main()
