"""A real server, for all tests, with two of the shipped models and one of large pictures."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scorestream import Client

REPOSITORY = Path(__file__).parents[3]
MODELS = ("color-digits", "gaussian-mixture-vp")
# Of a thin network, made for the tests: in float32, its pictures are larger than one message.
LARGE_SIZE = 256
LARGE = f"thin-{LARGE_SIZE}"
# Rows that the server holds at a time: few enough to fill it.
MAX_ROWS = 32


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gRPC address of a server as a user starts it, on free ports."""
    models = tmp_path_factory.mktemp("models")
    for name in MODELS:
        (models / name).symlink_to(REPOSITORY / "models" / name)
    node = os.environ.get("NODE") or shutil.which("node")
    assert node is not None, "these tests start the server with node, which is not in PATH"
    main = REPOSITORY / "dist/server/main.js"
    assert main.exists(), f"{main} is missing: `npm run build`"
    thin = REPOSITORY / "dist/models/generator/thin-network.js"
    subprocess.run([node, thin, models, str(LARGE_SIZE)], check=True, stdout=subprocess.DEVNULL)
    flags = {
        "--models": models,
        "--cache": REPOSITORY / "dist/derived",
        "--default-model": "gaussian-mixture-vp",
        "--grpc-port": 0,
        "--http-port": 0,
        "--max-rows": MAX_ROWS,
        # Larger batches would be measured before it is ready.
        "--max-batch-rows": 8,
        "--log-level": "error",
    }
    command = [node, str(main), *(str(word) for flag in flags.items() for word in flag)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line, f"the server ended with code {server.wait()} before it was ready"
            yield json.loads(line)["grpc"]
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait()
    assert code == 0, f"SIGTERM ended the server with code {code}"


@pytest.fixture
def client(target: str) -> Iterator[Client]:
    with Client(target) as client:
        yield client
