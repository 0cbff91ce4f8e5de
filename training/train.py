"""Train the score network of color-digits by denoising score matching.

    python train.py --data mnist --out runs/score --minutes 78

Writes into --out: last.pt (everything needed to go on: run the same command
again), loss.csv, samples-<step>.png by 18 steps of Heun's method with the
averaged weights. Ends when --minutes of active time have passed.
"""

import argparse
import copy
import csv
import os
from pathlib import Path

import torch

from digits import SIZE, ColorDigits
from edm import draw_sigma, row_losses, sample_heun
from pace import ActiveClock, ema_decay, learning_rate, update_ema
from shares import Shares
from sheet import save_sheet
from unet import UNet

# ln sigma at which the test loss is read: EDM's normal for training, cut into eighths.
TEST_LN_SIGMA = tuple(-0.6 + 1.4 * z for z in (-1.53, -0.89, -0.49, -0.16, 0.16, 0.49, 0.89, 1.53))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", required=True, help="folder with the four MNIST idx files")
    add("--out", default="runs/score", help="folder of the run; an existing run is resumed")
    add("--minutes", type=float, default=78, help="active training time; the decay ends with it")
    add("--batch", type=int, default=64)
    add("--channels", default="32,64,64", help="channels of each level")
    add("--lr", type=float, default=1.5e-3, help="peak learning rate")
    add("--warmup", type=int, default=200, help="steps")
    add("--ema", type=float, default=1000, help="half-life of the averaged weights, steps")
    add("--ln-sigma", default="-0.6,1.4", help="mean and std of ln sigma")
    add("--tail", type=float, default=0.15, help="share of rows with ln sigma uniform")
    add("--precision", choices=("bf16", "fp32"), default="bf16")
    add("--threads", type=int, default=2, help="CPU threads, each a share of the batch")
    add("--sheet-every", type=int, default=1000, help="steps between sample sheets")
    add("--seed", type=int, default=1)
    return parser.parse_args()


@torch.no_grad()
def test_loss(network: torch.nn.Module, data: str, device: str) -> float:
    """Loss on 512 fixed test digits with fixed noise, the mean over TEST_LN_SIGMA."""
    x0, _ = ColorDigits(data, "test", seed=0).batch(512)
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor(TEST_LN_SIGMA).exp().repeat(64)
    parts = zip(*(v.to(device).split(64) for v in (x0, noise, sigma)), strict=True)
    return torch.cat([row_losses(network, *part) for part in parts]).mean().item()


def save(path: Path, state: dict) -> None:
    """Write a checkpoint so that a reader never sees half of it."""
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def main() -> None:
    args = arguments()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shares = Shares(args.threads, device, args.precision)
    torch.manual_seed(args.seed)
    channels = tuple(map(int, args.channels.split(",")))
    ln_mean, ln_std = map(float, args.ln_sigma.split(","))

    model = UNet(channels).to(device)
    ema = copy.deepcopy(model).requires_grad_(False)
    adam = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))
    step, clock = 0, ActiveClock()
    if (out / "last.pt").exists():
        state = torch.load(out / "last.pt", map_location=device)
        model.load_state_dict(state["model"])
        ema.load_state_dict(state["ema"])
        adam.load_state_dict(state["adam"])
        step, clock = state["step"], ActiveClock(state["seconds"])
        torch.manual_seed(args.seed + step)
    digits = ColorDigits(args.data, "train", args.seed + step, device)
    sheet_noise = torch.randn(
        64, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(args.seed)
    ).to(device)
    log = csv.writer((out / "loss.csv").open("a", buffering=1))
    if step == 0:
        log.writerow(["step", "minutes", "lr", "loss", "test_loss_ema"])

    recent: list[torch.Tensor] = []
    budget = 60 * args.minutes
    while clock.seconds < budget:
        lr = learning_rate(args.lr, step, args.warmup, clock.seconds / budget)
        for group in adam.param_groups:
            group["lr"] = lr
        x0, _ = digits.batch(args.batch)
        sigma = draw_sigma(args.batch, ln_mean, ln_std, args.tail).to(device)
        loss = shares.backward(model, row_losses, x0, torch.randn_like(x0), sigma)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        step += 1
        update_ema(ema, model, ema_decay(step, args.ema))
        recent.append(loss)
        clock.tick()

        done = clock.seconds >= budget
        if step % 100 == 0 or done:
            mean, recent = torch.stack(recent).mean().item(), []
            test = test_loss(ema, args.data, device) if step % 500 == 0 or done else ""
            log.writerow([step, round(clock.seconds / 60, 2), f"{lr:.3g}", f"{mean:.5f}", test])
        if step % 500 == 0 or done:
            state = {"model": model.state_dict(), "ema": ema.state_dict()}
            state |= {"adam": adam.state_dict(), "step": step, "seconds": clock.seconds}
            save(out / "last.pt", state | {"channels": channels, "args": vars(args)})
        if step % args.sheet_every == 0 or done:
            samples = sample_heun(ema, sheet_noise)
            save_sheet(samples, out / f"samples-{step:06d}.png")


if __name__ == "__main__":
    main()
