"""A run from data to a manifest on a few pictures: reading, training, going on, exporting."""

import json
import lzma
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from evaluation import measured_with
from export import export, largest_error, sha256
from pictures import CIFAR10_RECORD, open_pictures, read_cifar10
from quantize import network_of
from unet import SIZES, UNet

CODE = Path(__file__).parent.parent


def python(script: str, *args: object) -> None:
    run = [sys.executable, CODE / script, *map(str, args)]
    paths = os.environ | {"PYTHONPATH": str(CODE)}
    ended = subprocess.run(run, cwd=CODE, env=paths, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(ended.stderr)


class Training(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)

    def write_folder(self, count: int = 100) -> Path:
        random = np.random.default_rng(1)
        for index in range(count):
            kind = self.path / "pictures" / ("dark" if index % 2 else "light")
            kind.mkdir(parents=True, exist_ok=True)
            levels = random.integers(0, 128, (16, 16, 3)) + (0 if index % 2 else 127)
            Image.fromarray(levels.astype(np.uint8)).save(kind / f"{index:03d}.png")
        return self.path / "pictures"

    def train(self, data: Path, out: str, **options: object) -> Path:
        flags = {"pictures": "folder", "threads": 1, "batch": 8, "precision": "fp32"} | options
        given = [word for name, value in flags.items() for word in (f"--{name}", value)]
        python("train.py", "--data", data, "--out", self.path / out, *given)
        return self.path / out

    def test_a_run_that_was_cut_off_goes_on_to_the_same_weights(self):
        data = self.write_folder()
        whole = torch.load(self.train(data, "whole", steps=4) / "last.pt")
        cut = self.train(data, "cut", steps=4)
        state = torch.load(cut / "last.pt")
        self.assertEqual(state["step"], 4)

        # The same run, stopped after two of its four steps: its clock is told of four.
        python(
            "tests/stop_after.py", 2, "--data", data, "--out", self.path / "again", "--steps", 4,
            "--pictures", "folder", "--threads", 1, "--batch", 8, "--precision", "fp32",
        )  # fmt: skip
        half = torch.load(self.path / "again" / "last.pt")
        self.assertEqual(half["step"], 2)
        resumed = torch.load(self.train(data, "again", steps=4) / "last.pt")
        for name, weight in whole["model"].items():
            self.assertTrue(torch.equal(weight, resumed["model"][name]), name)
        for name, weight in whole["ema"].items():
            self.assertTrue(torch.equal(weight, resumed["ema"][name]), name)

    def test_a_classifier_and_an_export_in_half_precision(self):
        data = self.write_folder()
        score = self.train(data, "score", steps=2, process="subvp", objective="likelihood")
        python(
            "classifier.py", "--data", data, "--pictures", "folder", "--threads", 1, "--batch", 8,
            "--steps", 2, "--out", self.path / "classifier",
        )  # fmt: skip
        sizes = {}
        for weights in ("float32", "float16"):
            out = self.path / f"model-{weights}"
            python(
                "export.py", "--score", score, "--classifier", self.path / "classifier",
                "--weights", weights, "--out", out,
            )  # fmt: skip
            sizes[weights] = (out / "score.onnx").stat().st_size
        self.assertLess(sizes["float16"], 0.6 * sizes["float32"])
        manifest = json.loads((self.path / "model-float16" / "model.json").read_text())
        self.assertEqual(manifest["name"], "model-float16")
        self.assertEqual(manifest["classes"], ["dark", "light"])
        self.assertEqual(manifest["forwardProcess"]["kind"], "subvp")
        self.assertEqual(manifest["shape"], {"channels": 3, "height": 16, "width": 16})

    def test_half_precision_of_group_norms_that_were_trained(self):
        """Their weights are folded into a linear layer; only what is stored may be rounded."""
        torch.manual_seed(0)
        network = UNet(SIZES["demo"], (3, 8, 8))
        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, torch.nn.GroupNorm):
                    module.weight.uniform_(0.5, 2)
                    module.bias.normal_()
            for weight in network.parameters():
                if not weight.any():
                    weight.normal_(std=0.1)
        network.eval().requires_grad_(False)
        file = self.path / "score.onnx"
        export(network, (3, 8, 8), "F", file, half=True)  # which compares them, to 1e-4
        self.assertLess(largest_error(network, (3, 8, 8), file), 1e-5)

    def test_an_int8_model_is_smaller_and_computes_about_the_same(self):
        data = self.write_folder()
        score = self.train(data, "score", steps=2, objective="edm")
        model, int8 = self.path / "model", self.path / "model-int8"
        python("export.py", "--score", score, "--out", model)
        python(
            "quantize.py", "--model", model, "--pictures", "folder", "--data", data, "--out", int8
        )
        manifest = json.loads((int8 / "model.json").read_text())
        self.assertEqual(manifest["name"], "model-int8")
        self.assertNotIn("classifier", manifest)
        files = [model / "score.onnx", int8 / "score.onnx"]
        self.assertEqual(manifest["score"]["sha256"], sha256(files[1]))
        self.assertLess(files[1].stat().st_size, 0.8 * files[0].stat().st_size)
        x, label = torch.randn(4, 3, 16, 16), torch.zeros(4)
        full, small = (network_of(file)(x, label) for file in files)
        difference = ((small - full).norm() / full.norm()).item()
        self.assertGreater(difference, 1e-6)
        self.assertLess(difference, 0.2)

    def test_what_a_likelihood_was_measured_with(self):
        flow = {"solver": "rk45", "relativeTolerance": 0.001, "absoluteTolerance": 0.001}
        used = {"probe": "rademacher", "probes": 2, "dequantizations": 1}
        completed = {"sampler": {"probabilityFlow": flow}, "likelihood": used}
        self.assertEqual(
            measured_with(completed), "rk45 at 0.001, 2 Rademacher probes, 1 dequantization"
        )

    def test_cifar10_files_packed_or_not(self):
        records = np.random.default_rng(2).integers(0, 10, (7, CIFAR10_RECORD)).astype(np.uint8)
        (self.path / "data_batch_1.bin").write_bytes(records[:4].tobytes())
        (self.path / "data_batch_2.bin.xz").write_bytes(lzma.compress(records[4:].tobytes()))
        levels, labels = read_cifar10(str(self.path), "train")
        self.assertEqual(labels.tolist(), records[:, 0].tolist())
        self.assertTrue((levels.numpy().reshape(7, -1) == records[:, 1:]).all())
        with self.assertRaises(FileNotFoundError):
            read_cifar10(str(self.path), "test")

    def test_a_folders_splits_have_no_picture_in_common(self):
        data = str(self.write_folder())
        train, test = (open_pictures("folder", data, split, 1) for split in ("train", "test"))
        self.assertEqual((len(train), len(test)), (98, 2))
        seen = {x.numpy().tobytes() for x in train.levels}
        self.assertFalse(any(x.numpy().tobytes() in seen for x in test.levels))

    def test_pictures_of_another_size_are_named(self):
        data = self.write_folder()
        Image.new("RGB", (24, 16)).save(data / "light" / "000.png")
        with self.assertRaisesRegex(SystemExit, r"002\.png|000\.png|001\.png"):
            open_pictures("folder", str(data), "train", 1)


if __name__ == "__main__":
    unittest.main()
