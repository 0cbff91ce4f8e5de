/**
 * A latent between two: along the great circle from the direction of `a` to that of `b`, at a norm between theirs.
 * Latents of a picture's size all have nearly the norm of their prior, which a straight line would leave.
 *
 *   (sin((1 - f) w) a / |a| + sin(f w) b / |b|) / sin w ((1 - f) |a| + f |b|), w the angle of a and b.
 *
 * Pure. Fractions 0 and 1 give `a` and `b` themselves.
 *
 * @param a D values
 * @param b D values
 * @param fraction f, in [0, 1]
 * @returns float32[D]
 * @throws RangeError where the lengths differ, the fraction is out of range, a latent is 0 or not finite, or the two
 * are opposite, so that there is no shortest way
 * @see Shoemake 1985; White 2016, "Sampling Generative Networks", section 2.
 */
export function spherical(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  fraction: number,
): Float32Array {
  if (a.length !== b.length) {
    throw new RangeError(`two latents must have the same length; seen ${a.length} and ${b.length}`);
  }
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`a fraction must lie in [0, 1]; seen ${fraction}`);
  }
  const [normA, normB] = [norm(a), norm(b)];
  for (const seen of [normA, normB]) {
    if (!(seen > 0 && Number.isFinite(seen))) {
      throw new RangeError(`a latent must have a norm above 0, and finite; seen ${seen}`);
    }
  }
  if (fraction === 0) return Float32Array.from(a);
  if (fraction === 1) return Float32Array.from(b);
  const angle = angleOf(a, normA, b, normB);
  const size = (1 - fraction) * normA + fraction * normB;
  const [ofA, ofB] = shares(angle, fraction);
  return Float32Array.from(
    { length: a.length },
    (_, e) => size * ((ofA / normA) * (a[e] ?? Number.NaN) + (ofB / normB) * (b[e] ?? Number.NaN)),
  );
}

function norm(v: ArrayLike<number>): number {
  let sum = 0;
  for (let e = 0; e < v.length; e++) sum += (v[e] ?? Number.NaN) ** 2;
  return Math.sqrt(sum);
}

/** By half the angle's tangent, |p - q| / |p + q| of unit vectors, which is exact where a cosine is flat. */
function angleOf(a: ArrayLike<number>, normA: number, b: ArrayLike<number>, normB: number): number {
  let difference = 0;
  let sum = 0;
  for (let e = 0; e < a.length; e++) {
    const [p, q] = [(a[e] ?? Number.NaN) / normA, (b[e] ?? Number.NaN) / normB];
    difference += (p - q) ** 2;
    sum += (p + q) ** 2;
  }
  return 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
}

/** Nearer to a half turn than float32 latents can tell. */
const OPPOSITE = Math.PI - 1e-6;

function shares(angle: number, fraction: number): readonly [ofA: number, ofB: number] {
  if (angle > OPPOSITE) throw new RangeError("two opposite latents have no shortest way between");
  if (angle === 0) return [1 - fraction, fraction];
  const whole = Math.sin(angle);
  return [Math.sin((1 - fraction) * angle) / whole, Math.sin(fraction * angle) / whole];
}
