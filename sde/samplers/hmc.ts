import type { Instruction } from "../instruction.ts";
import type { CorrectorStep } from "./correctors.ts";
import { evaluateAt, type Moves } from "./moves.ts";

/**
 * Hamiltonian Monte Carlo on p_t: a fresh momentum, `leapfrogSteps` leapfrog steps of size 2 r std(t) on the score,
 * and a Metropolis test. The score is the gradient of log p_t, but log p_t itself is not known; its difference between
 * start and end is the score's line integral along the path, taken by the trapezoidal rule, which is exact where the
 * score is linear and of third order in the step size otherwise.
 *
 * `leapfrogSteps` + 1 evaluations.
 *
 * @see Neal 2011, "MCMC using Hamiltonian dynamics", section 3; named as a corrector in Song et al. 2021, section 4.2.
 */
export function* hmc(step: CorrectorStep): Moves {
  const { process, t, signalToNoise, leapfrogSteps, registers, extra, nextDraw } = step;
  const { x, score } = registers;
  const [start, momentum, previous] = [extra, extra + 1, extra + 2];
  const size = 2 * signalToNoise * process.marginal(t).std;
  const at = evaluateAt(process, t, registers);

  const kick = (share: number): Instruction => ({
    op: "lincomb",
    out: momentum,
    terms: [
      [1, momentum],
      [share * size, score],
    ],
  });
  const drift: readonly Instruction[] = [
    copy(previous, score),
    {
      op: "lincomb",
      out: x,
      terms: [
        [1, x],
        [size, momentum],
      ],
    },
  ];
  const kinetic: Instruction = { op: "dot", a: momentum, b: momentum };

  const [before = 0] = yield {
    ...at,
    begins: true,
    update: [
      copy(start, x),
      { op: "lincomb", out: momentum, terms: [], noise: { draw: nextDraw(), scale: 1 } },
      kinetic,
      kick(0.5),
      ...drift,
    ],
  };
  // log p_t at the end less that at the start: the sum of size momentum . (score before + score after) / 2.
  let climb = 0;
  let after = 0;
  let uniform = 0;
  for (let i = 1; i <= leapfrogSteps; i++) {
    const work: readonly Instruction[] = [
      { op: "dot", a: momentum, b: previous },
      { op: "dot", a: momentum, b: score },
    ];
    const last = i === leapfrogSteps;
    const scalars = yield {
      ...at,
      update: last
        ? [...work, kick(0.5), kinetic, { op: "uniform", draw: nextDraw() }]
        : [...work, kick(1), ...drift],
    };
    const [atPrevious = 0, atScore = 0] = scalars;
    climb += 0.5 * size * (atPrevious + atScore);
    [, , after = 0, uniform = 0] = scalars;
  }
  const accepted = Math.log(uniform) < climb - (after - before) / 2;
  if (!accepted) yield { prepare: [copy(x, start)], update: [] };
}

function copy(out: number, from: number): Instruction {
  return { op: "lincomb", out, terms: [[1, from]] };
}
