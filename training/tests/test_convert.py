"""What converters write, of a network so small that it takes seconds."""

import argparse
import json
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from torch import nn

CONVERT = Path(__file__).parent.parent / "convert"
sys.path.insert(0, str(CONVERT))

import edm_denoiser  # noqa: E402
import folder  # noqa: E402
import graph  # noqa: E402
import noise  # noqa: E402
from checkpoint import ConversionError  # noqa: E402


class Denoiser(nn.Module):
    """D(x, sigma) with EDM's preconditioning, its padding computed as EDM's convolutions do."""

    label_dim = 0

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3, 3, 3) / 5)

    def forward(self, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        s = sigma.reshape(-1, 1, 1, 1)
        c_in = (s**2 + 0.25).rsqrt()
        padding = self.weight.shape[-1] // 2
        inside = nn.functional.conv2d(c_in * x, self.weight, padding=padding) + s.log() / 4
        return 0.25 * c_in**2 * x + 0.5 * s * c_in * inside


class OfClass(Denoiser):
    """D(x, sigma, class_labels), one-hot as EDM has it: of a class, brighter by its index."""

    label_dim = 3

    def __init__(self, dropout: float):
        super().__init__()
        self.model = nn.Module()
        self.model.label_dropout = dropout

    def forward(
        self, x: torch.Tensor, sigma: torch.Tensor, class_labels: torch.Tensor
    ) -> torch.Tensor:
        brighter = class_labels @ torch.tensor([1.0, 2.0, 4.0])
        return super().forward(x, sigma) + brighter.reshape(-1, 1, 1, 1)


class Wrong(Denoiser):
    """As it was when the file was made, and then something else."""

    calls = 0

    def forward(self, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        Wrong.calls += 1
        return super().forward(x, sigma) * (1 if Wrong.calls == 1 else 1.01)


def asked(**over) -> argparse.Namespace:
    flags = {"code": CONVERT, "checkpoint": None, "shape": (3, 8, 6), "network": "networks:made"}
    return argparse.Namespace(
        **{**flags, "sigma_min": None, "sigma_max": None, "classes": None, **over}
    )


class Converting(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.out = Path(temporary.name) / "model"

    def load(self, network: nn.Module, **over):
        original, edm_denoiser.built = edm_denoiser.built, lambda _: network
        self.addCleanup(setattr, edm_denoiser, "built", original)
        return edm_denoiser.load(asked(**over))

    def test_a_denoiser_becomes_a_folder(self):
        checkpoint = self.load(Denoiser(), sigma_max=40.0)
        folder.write_folder(checkpoint, self.out, "mine")
        manifest = json.loads((self.out / "model.json").read_text())
        self.assertEqual(manifest["shape"], {"channels": 3, "height": 8, "width": 6})
        self.assertEqual(
            manifest["forwardProcess"], {"kind": "edm", "sigmaMin": 0.002, "sigmaMax": 40.0}
        )
        self.assertEqual(manifest["score"]["output"], {"name": "output", "kind": "denoised"})
        self.assertEqual(manifest["score"]["sha256"], folder.sha256(self.out / "score.onnx"))
        # In a batch that neither the trace nor the converter's own comparison had.
        evaluate = graph.run(self.out / "score.onnx")
        x, sigma = torch.randn(7, 3, 8, 6), torch.rand(7) + 0.1
        seen = evaluate(x, sigma)
        self.assertLess(np.abs(seen - checkpoint.network(x, sigma).numpy()).max(), 1e-5)

    def test_a_network_that_takes_a_class(self):
        checkpoint = self.load(OfClass(0.1), classes=["red", "green", "blue"])
        folder.write_folder(checkpoint, self.out, "mine")
        manifest = json.loads((self.out / "model.json").read_text())
        self.assertEqual(manifest["classes"], ["red", "green", "blue"])
        self.assertEqual(
            manifest["score"]["class"],
            {"name": "class", "encoding": "one-hot", "type": "float32", "nullClass": -1},
        )
        evaluate = graph.run(self.out / "score.onnx")
        x, sigma = torch.randn(4, 3, 8, 6), torch.rand(4) + 0.1
        classes = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
        plain = evaluate(x, sigma, torch.zeros(4, 3))
        brighter = (evaluate(x, sigma, classes) - plain).mean(axis=(1, 2, 3))
        self.assertLess(np.abs(brighter - [0, 2, 4, 1]).max(), 1e-5)

        # The project's scores are of the same classes as the file's "labels" says.
        scores = self.out / "scores.json"
        folder.write_scores(checkpoint, scores)
        known = json.loads(scores.read_text())
        self.assertEqual(known["labels"], [0, -1])

    def test_without_label_dropout_there_is_no_null_class(self):
        classes = self.load(OfClass(0)).classes
        self.assertEqual((classes.names, classes.null), (["0", "1", "2"], None))

    def test_the_file_tells_nothing_of_this_machine(self):
        folder.write_folder(self.load(Denoiser()), self.out, "mine")
        self.assertNotIn(str(CONVERT.parent).encode(), (self.out / "score.onnx").read_bytes())

    def test_a_file_that_differs_leaves_no_folder_behind(self):
        with self.assertRaisesRegex(ConversionError, "relative error of 9.9e-03"):
            folder.write_folder(self.load(Wrong()), self.out, "mine")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_what_can_not_be_is_refused(self):
        with self.assertRaisesRegex(ConversionError, "--classes: seen 2 names, expected 3"):
            self.load(OfClass(0), classes=["a", "b"])
        with self.assertRaisesRegex(ConversionError, "--classes: seen 2 names, expected 0"):
            self.load(Denoiser(), classes=["a", "b"])
        with self.assertRaisesRegex(ConversionError, "--shape: expected CHANNELS HEIGHT WIDTH"):
            self.load(Denoiser(), shape=None)
        with self.assertRaisesRegex(ConversionError, "seen 5.0 and 2.0, expected 0 < min < max"):
            self.load(Denoiser(), sigma_min=5.0, sigma_max=2.0)


class Noise(unittest.TestCase):
    def test_its_bits_are_the_servers(self):
        noise.check()

    def test_a_shorter_array_has_the_leading_values(self):
        key = {"seed": 3, "sample": 1, "draw": 2}
        for draw in (noise.normals, noise.uniforms, noise.rademacher):
            long = draw(100, **key)
            for count in (1, 4, 15, 17):
                self.assertTrue((draw(count, **key) == long[:count]).all())


if __name__ == "__main__":
    unittest.main()
