"""The tour, as a script, and the stubs, which its types are from."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

PYTHON = Path(__file__).parent.parent


def test_the_tour_writes_its_pictures(target: str, tmp_path: Path) -> None:
    places = {"SCORESTREAM_SERVER": target, "TOUR_OUT": str(tmp_path), "TOUR_COUNT": "3"}
    command = [sys.executable, str(PYTHON / "examples/tour.py")]
    done = subprocess.run(
        command, env=os.environ | places, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # A digit is likelier than its negative, and that than noise.
    scores = [float(line.split()[-4]) for line in done.stdout.splitlines() if "per dim" in line]
    assert len(scores) == 3
    assert scores == sorted(scores)
    # Pictures of 64 in frames of 2: so many rows and columns.
    for name, rows, columns in (
        ("drawn.png", None, 3),
        ("sevens.png", 1, 3),
        ("inpainted.png", 2, 3),
        ("interpolated.png", 1, 3),
    ):
        page = PIL.Image.open(tmp_path / name)
        assert page.width == 2 + columns * 66
        assert rows is None or page.height == 2 + rows * 66
        assert np.asarray(page)[2:-2, 2:-2].std() > 20


def test_the_stubs_are_those_of_the_contract() -> None:
    if importlib.util.find_spec("grpc_tools") is None:
        pytest.skip(
            "pip install -e '.[dev]' has the generator that tells whether stubs are current"
        )
    command = [sys.executable, str(PYTHON / "scripts/generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
