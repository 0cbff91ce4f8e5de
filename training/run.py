"""A training run: its folder, checkpoints, clock and log. It goes on where it stopped."""

import argparse
import copy
import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from tqdm import tqdm

from pace import ActiveClock, ema_decay, learning_rate, update_ema
from pictures import Pictures
from shares import Shares

LOG_EVERY = 100  # steps
SAVE_EVERY = 500  # steps


class Run:
    """The weights, their average and all that training goes on with.

    args: --out, --minutes, --batch, --lr, --warmup, --ema, --threads, --precision, --seed
    (`add_arguments`). adam: built of the network's parameters. columns: what `log` gets
    besides the step, the minutes, the learning rate and the mean loss.
    """

    def __init__(
        self,
        args: argparse.Namespace,
        network: torch.nn.Module,
        adam: torch.optim.Optimizer,
        pictures: Pictures,
        columns: tuple[str, ...] = (),
    ):
        self.args, self.network, self.adam, self.pictures = args, network, adam, pictures
        self.out = Path(args.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.device = next(network.parameters()).device.type
        self.shares = Shares(args.threads, self.device, args.precision)
        self.ema = copy.deepcopy(network).requires_grad_(False).eval()
        self.step, self.clock = 0, ActiveClock()
        self.recent: list[torch.Tensor] = []
        last = self.out / "last.pt"
        if last.exists():
            self.load(torch.load(last, map_location=self.device))
        self.file = (self.out / "loss.csv").open("a" if self.step else "w", buffering=1)
        self.csv = csv.writer(self.file)
        if not self.step:
            self.csv.writerow(["step", "minutes", "lr", "loss", *columns])

    def load(self, state: dict) -> None:
        self.network.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.adam.load_state_dict(state["adam"])
        self.step, self.clock = state["step"], ActiveClock(state["seconds"])
        torch.set_rng_state(state["random"].cpu())
        self.pictures.generator.set_state(state["pictures"].cpu())

    def save(self) -> None:
        """Write last.pt so that a reader never sees half of it."""
        state = {
            "model": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "adam": self.adam.state_dict(),
            "step": self.step,
            "seconds": self.clock.seconds,
            "random": torch.get_rng_state(),
            "pictures": self.pictures.generator.get_state(),
            "shape": list(self.pictures.shape),
            "classes": self.pictures.classes,
            "args": vars(self.args),
        }
        torch.save(state, self.out / "last.tmp")
        os.replace(self.out / "last.tmp", self.out / "last.pt")

    @property
    def progress(self) -> float:
        """The share of the run that is done, in [0, 1]."""
        if self.args.steps:
            return min(self.step / self.args.steps, 1.0)
        return min(self.clock.seconds / (60 * self.args.minutes), 1.0)

    @property
    def done(self) -> bool:
        return self.progress == 1

    def steps(self) -> Iterator[int]:
        """The numbers of the steps that are left, from 1; saves every SAVE_EVERY and at the end.

        The caller calls `descend` in each of them, after which `done` says whether it was the
        last. A progress bar shows the share of the run that is done.
        """
        with tqdm(total=1.0, initial=self.progress, bar_format=BAR) as bar:
            self.clock.start()
            while not self.done:
                self.step += 1
                yield self.step
                bar.n = self.progress
                bar.set_description(f"step {self.step}", refresh=False)
                bar.update(0)
                if self.step % SAVE_EVERY == 0 or self.done:
                    self.save()

    def descend(self, loss: Callable[..., torch.Tensor], *rows: torch.Tensor) -> None:
        """One step of Adam down the mean of loss(network, *rows): a value a row [B]."""
        args = self.args
        for group in self.adam.param_groups:
            group["lr"] = learning_rate(args.lr, self.step - 1, args.warmup, self.progress)
        mean = self.shares.backward(self.network, loss, *(row.to(self.device) for row in rows))
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        update_ema(self.ema, self.network, ema_decay(self.step, args.ema))
        self.recent.append(mean)
        self.clock.tick()

    def log(self, *values: object) -> None:
        """Write a line of loss.csv: the mean loss since the last one, and `values`."""
        mean, self.recent = torch.stack(self.recent).mean().item(), []
        minutes = round(self.clock.seconds / 60, 2)
        lr = self.adam.param_groups[0]["lr"]
        self.csv.writerow([self.step, minutes, f"{lr:.3g}", f"{mean:.5f}", *values])


BAR = "{desc} {percentage:5.1f} %|{bar}| {elapsed}<{remaining}"


def add_arguments(
    parser: argparse.ArgumentParser, out: str, batch: int, lr: float, warmup: int, ema: float
) -> None:
    """The options that every run has, with this one's defaults."""
    add = parser.add_argument
    add("--data", required=True, help="folder of the data set's files")
    add("--out", default=out, help="folder of the run; an existing run is resumed")
    add("--minutes", type=float, default=60, help="active training time; the decay ends with it")
    add("--steps", type=int, default=0, help="end after so many steps instead")
    add("--batch", type=int, default=batch, help="a multiple of --threads on a CPU")
    add("--lr", type=float, default=lr, help="peak learning rate")
    add("--warmup", type=int, default=warmup, help="steps")
    add("--ema", type=float, default=ema, help="half-life of the averaged weights, steps")
    add("--precision", choices=("bf16", "fp32"), default="bf16")
    add("--threads", type=int, default=2, help="CPU threads, each a share of the batch")
    add("--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu")
    add("--seed", type=int, default=1)
