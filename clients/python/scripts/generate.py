"""Writes the stubs of the contract, src/scorestream/v1; with --check, compares them with it.

Needs the extra `dev`. `npm run generate` runs it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

PYTHON = Path(__file__).parent.parent
PROTO = PYTHON.parent.parent / "proto"
PACKAGE = "scorestream/v1"
GENERATED = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")


def generate(folder: Path) -> None:
    """Writes the modules to folder/scorestream/v1."""
    scripts = Path(sysconfig.get_path("scripts"))
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"--proto_path={PROTO}",
        f"--python_out={folder}",
        f"--grpc_python_out={folder}",
        f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
        f"--mypy_out=quiet:{folder}",
        f"--mypy_grpc_out=quiet:{folder}",
        f"{PACKAGE}/scorestream.proto",
    ]
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        sys.exit(f"protoc ended with code {code}")


def main() -> None:
    """Writes, or compares."""
    committed = PYTHON / "src" / PACKAGE
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = {path.name: path for path in (Path(folder) / PACKAGE).iterdir()}
        assert sorted(fresh) == sorted(f"scorestream{end}" for end in GENERATED)
        if "--check" not in sys.argv[1:]:
            for name, path in fresh.items():
                shutil.copyfile(path, committed / name)
            return
        different = [
            name
            for name, path in sorted(fresh.items())
            if not (committed / name).exists()
            or path.read_bytes() != (committed / name).read_bytes()
        ]
    if different:
        sys.exit(f"{', '.join(different)}: not what the contract generates; run `npm run generate`")


main()
