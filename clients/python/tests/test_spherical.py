"""The arc between two vectors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from scorestream import on_arc


def vector(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def angle(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    cosine = np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.arccos(np.clip(cosine, -1, 1)))


def test_a_quarter_of_a_circle() -> None:
    # The direction of the diagonal, and the mean of the lengths.
    half = on_arc(vector(2, 0), vector(0, 4), 0.5)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, [3 * np.sqrt(0.5)] * 2, rtol=1e-6)
    third = on_arc(vector(1, 0), vector(0, 1), 1 / 3)
    np.testing.assert_allclose(third, [np.cos(np.pi / 6), 0.5], rtol=1e-6)


def test_lengths_change_linearly_and_the_angle_evenly() -> None:
    draw = np.random.default_rng(7)
    for fraction in (0.0, 0.1, 0.5, 0.9, 1.0):
        a, b = draw.normal(size=(2, 3, 8, 8)).astype(np.float32)
        point = on_arc(a, 2 * b, fraction)
        assert point.shape == a.shape
        length = (1 - fraction) * np.linalg.norm(a) + fraction * np.linalg.norm(2 * b)
        # float32 elements: 6e-8 of the length each; the arc cosine is worse by its slope near 0.
        assert abs(float(np.linalg.norm(point) - length)) < 1e-5 * length
        assert abs(angle(a, point) - fraction * angle(a, b)) < 2e-3


def test_parallel_vectors_are_joined_by_a_straight_line() -> None:
    np.testing.assert_array_equal(on_arc(vector(1, 2), vector(3, 6), 0.5), vector(2, 4))


@pytest.mark.parametrize(
    ("a", "b", "fraction", "message"),
    [
        (vector(1, 2), vector(-1, -2), 0.5, "opposite"),
        (vector(0, 0), vector(1, 0), 0.5, "zero"),
        (vector(1), vector(1, 2), 0.5, r"shapes \(1,\) and \(2,\)"),
        (vector(1, 0), vector(0, 1), 1.5, r"fraction: seen 1\.5"),
        (vector(1, 0), vector(0, 1), float("nan"), "fraction: seen nan"),
    ],
)
def test_what_no_one_arc_joins_is_refused(
    a: NDArray[np.float32], b: NDArray[np.float32], fraction: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        on_arc(a, b, fraction)
