import test from "ava";
import fc from "fast-check";
import { DeadlineDemand, type Demand, type DemandNode } from "./deadline-demand.ts";

test("the critical deadline is what adding up all work by deadline gives, whatever was added and removed", (t) => {
  const demand = fc.record({
    deadlineMs: fc.integer({ min: 0, max: 50 }),
    workMs: fc.integer({ min: 0, max: 12 }),
    early: fc.integer({ min: 0, max: 30 }),
  });
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: demand }) },
    fc.record({ remove: fc.nat() }),
    {
      weight: 2,
      arbitrary: fc.record({ change: fc.nat(), to: demand, sameDeadline: fc.boolean() }),
    },
    fc.record({ at: fc.integer({ min: -60, max: 60 }) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: "max" }), (commands) => {
      const tree = new DeadlineDemand();
      const nodes: { node: DemandNode; demand: Demand }[] = [];
      for (const one of commands) {
        if ("add" in one) {
          const { deadlineMs, workMs, early } = one.add;
          const added = { deadlineMs, workMs, latestStartMs: deadlineMs - early };
          nodes.push({ node: tree.add(added), demand: added });
        } else if ("remove" in one) {
          const [removed] = nodes.splice(one.remove % Math.max(1, nodes.length), 1);
          if (removed !== undefined) tree.remove(removed.node);
        } else if ("change" in one) {
          const changed = nodes[one.change % Math.max(1, nodes.length)];
          if (changed === undefined) continue;
          const deadlineMs = one.sameDeadline ? changed.demand.deadlineMs : one.to.deadlineMs;
          changed.demand = { ...one.to, deadlineMs, latestStartMs: deadlineMs - one.to.early };
          tree.change(changed.node, changed.demand);
        } else {
          const demands = nodes.map(({ demand: known }) => known);
          const inDanger = demands.filter(({ deadlineMs, latestStartMs }) => {
            const due = demands.filter((other) => other.deadlineMs <= deadlineMs);
            const work = due.reduce((sum, other) => sum + other.workMs, 0);
            return deadlineMs - work <= one.at || latestStartMs <= one.at;
          });
          const last = Math.max(...inDanger.map(({ deadlineMs }) => deadlineMs));
          t.is(tree.criticalMs(one.at), inDanger.length === 0 ? undefined : last);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("a demand that is not there can't be withdrawn", (t) => {
  const tree = new DeadlineDemand();
  const node = tree.add({ deadlineMs: 1, workMs: 1, latestStartMs: 0 });
  tree.remove(node);
  t.throws(() => tree.remove(node), { message: /not in the tree/ });
});
