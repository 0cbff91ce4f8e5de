"""The server's noise in Python: what a request's seed draws, by sde/noise.ts, bit for bit.

A number depends on (seed, sample, draw, element) alone. Of a LogLikelihood: sample is the number of
the image's dequantisation draw; draw 0 are its uniforms, draw 1 + p is probe p.
"""

import numpy as np

NORMALS, UNIFORMS = 0, 1  # the last word of the counter
WORD = np.uint64(0xFFFFFFFF)

# Minimax coefficients of sde/box-muller.ts, highest power first.
SIN = (0.00015592922864016145, -0.00468310434371233, 0.0796959325671196)
SIN += (-0.6459650993347168, 1.5707963705062866)
COS = (0.0008594066021032631, -0.0208134762942791, 0.253652960062027, -1.233698844909668, 1)
LOG = (-0.5974138975143433, -0.7995517253875732, -1.333335518836975, -4)


def philox(block: np.ndarray, draw: int, sample: int, stream: int, seed: int) -> np.ndarray:
    """Philox4x32-10: block [n] -> uint64 [4, n], words below 2^32. Salmon et al. 2011."""
    c0 = block.astype(np.uint64)
    c1, c2, c3 = (np.full_like(c0, word) for word in (draw, sample, stream))
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        first, second = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0 = (second >> np.uint64(32)) ^ c1 ^ np.uint64(k0)
        c2 = (first >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c1, c3 = second & WORD, first & WORD
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3])


def uniforms(count: int, *, seed: int, sample: int, draw: int) -> np.ndarray:
    """float32 [count] in (0, 1): element 4 b + w is word w of block b."""
    words = philox(np.arange(-(-count // 4)), draw, sample, UNIFORMS, seed)
    cells = (words >> np.uint64(9)).astype(np.float64) + 0.5
    return (cells / 2**23).T.ravel()[:count].astype(np.float32)


def normals(count: int, *, seed: int, sample: int, draw: int) -> np.ndarray:
    """float32 [count]: element 16 g + 4 w + j is number w of block 4 g + j."""
    words = philox(np.arange(4 * -(-count // 16)), draw, sample, NORMALS, seed)
    numbers = np.stack([*box_muller(words[0], words[1]), *box_muller(words[2], words[3])])
    return numbers.reshape(4, -1, 4).transpose(1, 0, 2).ravel()[:count]


def rademacher(count: int, *, seed: int, sample: int, draw: int) -> np.ndarray:
    """float32 [count] of -1 and 1: the signs of the normals."""
    z = normals(count, seed=seed, sample=sample, draw=draw)
    return np.where(z < 0, np.float32(-1), np.float32(1))


def box_muller(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two float32 normals of two words, each operation rounded to float32 in a fixed order."""
    f = np.float32
    v = (a >> np.uint64(1)).astype(f) + f(0.5)
    # v = 2^(31 - n) m, m from the root of 1/2 to its double; -2 ln(v / 2^31).
    offset = v.view(np.int32) - np.int32(0x3F3504F3)
    n = (31 - (offset >> 23)).astype(f)
    m = ((offset & 0x7FFFFF) + np.int32(0x3F3504F3)).view(f)
    s = (m - f(1)) / (m + f(1))
    minus_two_log = n * f(2 * np.log(2)) + s * polynomial(s * s, LOG)
    radius = np.sqrt(minus_two_log)
    signed = np.where(a & np.uint64(1), -radius, radius)
    x = b.astype(np.uint32).view(np.int32).astype(f) * f(2**-31)
    square = x * x
    return signed * polynomial(square, COS), signed * (x * polynomial(square, SIN))


def polynomial(w: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    total = np.zeros_like(w)
    for one in coefficients:
        total = total * w + np.float32(one)
    return total


def check() -> None:
    """The values that sde/noise.test.ts holds, of Random123 and of this layout."""
    zero = np.array([0])
    words = philox(np.array([0x243F6A88]), 0x85A308D3, 0x13198A2E, 0x03707344, 0x299F31D0A4093822)
    assert [f"{int(w):x}" for w in words[:, 0]] == ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]
    assert f"{int(philox(zero, 0, 0, 0, 0)[0, 0]):x}" == "6627e8d5"
    key = {"seed": 0x0123456789ABCDEF, "sample": 3, "draw": 5}
    seen = [f"{word:x}" for word in normals(5, **key).view(np.uint32)]
    assert seen == ["3ee4a892", "3f14e8a9", "bf2c37de", "3f901ab2", "bf933740"], seen
    seen = [f"{word:x}" for word in uniforms(5, **key).view(np.uint32)]
    assert seen == ["3f67ac27", "3e7f272c", "3f533873", "3eb5627e", "3de3acc8"], seen


if __name__ == "__main__":
    check()
    print("noise: the bits of sde/noise.test.ts")
