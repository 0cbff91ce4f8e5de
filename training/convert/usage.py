"""What a process took: seconds of processor time, and the most memory."""

import os
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """seconds: of all its threads. gib: resident, at most, and no less than this process has had:
    Linux counts a process from the memory of the one that started it."""

    seconds: float = 0.0
    gib: float = 0.0


def end(process: subprocess.Popen) -> Usage:
    """Wait for a process to end. Its pipes must be read to their end before, or be none."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20)


def ran(command: list[str | os.PathLike]) -> tuple[str, Usage]:
    """Run a command to its end. Returns what it said. Raises RuntimeError unless it ends with 0."""
    process = subprocess.Popen(
        [os.fspath(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = process.stdout.read()
    usage = end(process)
    if process.returncode != 0:
        raise RuntimeError(f"{command}: {said}")
    return said, usage
