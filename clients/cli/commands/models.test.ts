import anyTest, { type TestFn } from "ava";
import type { Sampler } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "../../typescript/connect.ts";
import { samplerOf } from "../flags/sampler.ts";
import { type CommandLine, SIZE, withCommandLine } from "../testing/command-line.ts";

const test = anyTest as TestFn<CommandLine>;

withCommandLine(test);

test.serial("models: a table, one model, and JSON", async (t) => {
  const { run } = t.context;
  const all = await run("models");
  t.regex(
    all.stdout,
    /^model +pictures +process +classes +tasks\ngaussian-mixture-vp +4 x 4 x 3 +vp +- +sample/,
  );
  const one = await run("models gaussian-mixture-vp");
  t.regex(one.stdout, /^samplers +.*ode-rk45.*dpm-solver\+\+2m/m);
  const { models } = JSON.parse((await run("models --json")).stdout);
  t.deepEqual(models[0].shape, { channels: 3, height: SIZE, width: SIZE });
  const none = await run("models other");
  t.is(none.code, 2);
  t.regex(
    none.stderr,
    /^scorestream models: name: seen "other", expected one of gaussian-mixture-vp/,
  );
});

test.serial(
  "every sampler that models lists is one that --sampler takes, and is used",
  async (t) => {
    const client = connect(t.context.server.target);
    t.teardown(() => client.close());
    const { models } = await client.listModels();
    const names = models[0]?.samplers ?? [];
    t.true(names.length > 30, names.join(" "));
    for (const name of names) {
      const cost = name === "ode-rk45" ? { tolerance: 0.1 } : { steps: 2 };
      let used: string | undefined;
      await client
        .sample({ sampler: samplerOf({ sampler: name, ...cost }) })
        .images(({ event }) => {
          if (event?.$case === "completed") used = nameOf(event.value.sampler);
        });
      t.is(used, name);
    }
  },
);

/** What `Model.samplers` calls a sampler. */
function nameOf(sampler: Sampler | undefined): string | undefined {
  const method = sampler?.method;
  switch (method?.$case) {
    case "predictorCorrector": {
      const { predictor, corrector } = method.value;
      return corrector === "none" ? predictor : `${predictor}+${corrector}`;
    }
    case "probabilityFlow":
      return `ode-${method.value.solver}`;
    case "fast":
      return method.value.method;
    case "annealedLangevin":
      return "annealed-langevin";
    case undefined:
      return undefined;
  }
}
