"""What a training run's schedules need: active time, the learning rate, ramped averages."""

import math
import time
from collections import deque

import torch


class ActiveClock:
    """Seconds spent in steps. A step counts for at most five times the median of the last
    hundred, so that a run that was suspended still goes through all of its decay."""

    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds
        self.recent: deque[float] = deque(maxlen=100)
        self.mark = time.perf_counter()

    def start(self) -> None:
        """Begin the first step: what came before counts for nothing."""
        self.mark = time.perf_counter()

    def tick(self) -> float:
        """End a step. Returns the seconds it counts for."""
        now = time.perf_counter()
        duration, self.mark = now - self.mark, now
        self.recent.append(duration)
        counted = min(duration, 5 * sorted(self.recent)[len(self.recent) // 2])
        self.seconds += counted
        return counted


def learning_rate(peak: float, step: int, warmup: int, progress: float) -> float:
    """Linear warm-up over `warmup` steps, times a cosine from 1 at progress 0 to 0 at 1."""
    return peak * min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def ema_decay(step: int, half_life: float) -> float:
    """EDM's ramped average: the half-life in steps is at most a twentieth of the steps so far."""
    return 0.5 ** (1 / max(min(half_life, 0.05 * step), 1e-3))


@torch.no_grad()
def update_ema(ema: torch.nn.Module, model: torch.nn.Module, decay: float) -> None:
    """ema := decay * ema + (1 - decay) * model, in place."""
    torch._foreach_lerp_(list(ema.parameters()), list(model.parameters()), 1 - decay)
