"""Noise levels against check values of the literature, and what objectives.py says of weights."""

import math
import unittest

import torch

from objectives import OBJECTIVES, uniform_ln_sigma
from processes import EPS, PROCESSES, VE, VP, SubVP, sigma_range


def at(process, t: float) -> float:
    return process.sigma(torch.tensor(t, dtype=torch.float64)).item()


class Processes(unittest.TestCase):
    def test_check_values(self):
        self.assertAlmostEqual(at(VP(), 1.0), 152.167, delta=5e-3)
        self.assertAlmostEqual(at(VP(), 1e-3), 0.0104860, delta=1e-7)
        # std = 1.09944e-4, and the mean is that of VP, e^(-B/2) with B = 1.0995e-4
        self.assertAlmostEqual(at(SubVP(), 1e-3), 1.09944e-4 / math.exp(-1.0995e-4 / 2), delta=1e-9)
        self.assertAlmostEqual(at(VE(), 0.0), 0.02)
        self.assertAlmostEqual(at(VE(), 1.0), 100.0, delta=1e-9)

    def test_importance_sampling_by_g2_over_variance_is_uniform_in_ln_sigma(self):
        """g^2 / std^2 = d ln sigma^2 / dt, with g of each process as the paper has it."""
        b0, b1, h = 0.1, 20.0, 1e-6
        for t in (0.05, 0.3, 0.7, 0.95):
            beta, whole = b0 + t * (b1 - b0), b0 * t + (b1 - b0) * t**2 / 2
            decay = 1 - math.exp(-whole)
            g2_over_variance = {
                "ve": 2 * math.log(100.0 / 0.02),
                "vp": beta / decay,
                "subvp": beta * (1 - math.exp(-2 * whole)) / decay**2,
            }
            for kind, process in PROCESSES.items():
                slope = (math.log(at(process(), t + h)) - math.log(at(process(), t - h))) / h
                self.assertAlmostEqual(slope / g2_over_variance[kind], 1, delta=1e-6, msg=kind)

    def test_objectives_stay_in_the_processs_range(self):
        for process in (VE(), VP(), SubVP()):
            low, high = sigma_range(process)
            for name, objective in OBJECTIVES.items():
                sigma, weight = objective(process, 512)
                self.assertEqual((sigma.shape, weight.shape), ((512,), (512,)), name)
                self.assertGreaterEqual(sigma.min().item(), low * (1 - 1e-3), name)
                self.assertLessEqual(sigma.max().item(), high * (1 + 1e-3), name)
                self.assertTrue(((weight > 0) & (weight <= 1)).all(), name)

    def test_uniform_ln_sigma_fills_the_range_evenly(self):
        ln = uniform_ln_sigma(VP(), 1000).log().sort().values
        steps = ln.diff()
        self.assertLess(steps.max().item(), 2 * steps.mean().item())

    def test_score_matching_draws_t_uniformly(self):
        sigma, _ = OBJECTIVES["score-matching"](VE(), 1000)
        t = (sigma / 0.02).log() / math.log(100.0 / 0.02)
        self.assertAlmostEqual(t.mean().item(), (1 + EPS) / 2, delta=2e-3)


if __name__ == "__main__":
    unittest.main()
