/** Below this sine of the angle the arc and the straight line are the same in float32, and the arc's weights 0 / 0. */
const LEAST_SINE = 1e-6;

/**
 * A point on the arc between two vectors. With u and v their directions and w the angle between these,
 *
 *     ((1 - f) |a| + f |b|) (sin((1 - f) w) u + sin(f w) v) / sin w.
 *
 * Latents of pictures lie near a sphere, which the straight line between two of them leaves: its middle is shorter by
 * sqrt(2) where they are orthogonal, and the model has seen no such latents.
 *
 * @param fraction in [0, 1]: 0 gives a, 1 gives b, but for rounding
 * @returns a new vector
 * @throws RangeError where the lengths differ, the fraction is out of range, or no one arc joins the vectors: they are
 *   opposite, or one is zero
 * @see Shoemake 1985, "Animating rotation with quaternion curves", section 3.3.
 */
export function onArc(a: Float32Array, b: Float32Array, fraction: number): Float32Array {
  if (a.length !== b.length) {
    throw new RangeError(`no arc joins vectors of ${a.length} and ${b.length} elements`);
  }
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`a fraction of an arc must be in [0, 1]; seen ${fraction}`);
  }
  const [normA, normB] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
  const cosine = Math.max(-1, Math.min(1, dot(a, b) / (normA * normB)));
  const [weightU, weightV] = arcWeights(cosine, fraction);
  const norm = (1 - fraction) * normA + fraction * normB;
  const [weightA, weightB] = [(norm * weightU) / normA, (norm * weightV) / normB];
  return a.map((value, e) => weightA * value + weightB * (b[e] ?? 0));
}

/** What a direction on the arc has of each end's direction. */
function arcWeights(cosine: number, fraction: number): readonly [number, number] {
  const angle = Math.acos(cosine);
  const sine = Math.sin(angle);
  if (sine >= LEAST_SINE) {
    return [Math.sin((1 - fraction) * angle) / sine, Math.sin(fraction * angle) / sine];
  }
  if (cosine > 0) return [1 - fraction, fraction];
  throw new RangeError("no one arc joins two vectors that are opposite, or zero");
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, e) => sum + value * (b[e] ?? 0), 0);
}
