import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ConfigError } from "../config/config.ts";
import { openTenants } from "./open-tenants.ts";
import { OPEN_POLICY } from "./tenants.ts";

const NO_SETTINGS = { tenants: "", tenantMaxRows: 0, tenantRegisterMib: 0, tenantBacklogS: 0 };

async function fileOf(t: ExecutionContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-tenants-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "tenants.json");
  await writeFile(path, text);
  return path;
}

test("without a file and settings, all tenants are alike and without bounds", (t) => {
  t.deepEqual(openTenants(NO_SETTINGS).of("anyone"), OPEN_POLICY);
});

test("what an entry leaves out is as the default entry says, what that leaves out as the settings say", async (t) => {
  const file = {
    default: { maxRows: 100, weight: 2 },
    tenants: {
      a: { weight: 5, maxBacklogS: 0.5 },
      b: { maxRows: 7, highestPriority: "batch" },
      "": { maxRows: 1 },
    },
  };
  const tenants = await fileOf(t, JSON.stringify(file));
  const bounds = { tenantMaxRows: 50, tenantRegisterMib: 3, tenantBacklogS: 20 };
  const opened = openTenants({ tenants, ...bounds });
  const maxRegisterBytes = 3 * 1024 * 1024;
  const others = {
    weight: 2,
    highestPriority: "interactive",
    maxRows: 100,
    maxRegisterBytes,
    maxBacklogMs: 20_000,
  } as const;
  t.deepEqual(opened.of("anyone"), others);
  t.deepEqual(opened.of("a"), { ...others, weight: 5, maxBacklogMs: 500 });
  t.deepEqual(opened.of("b"), { ...others, maxRows: 7, highestPriority: "batch" });
  t.deepEqual(opened.of(""), { ...others, maxRows: 1 });
  t.is(openTenants({ ...NO_SETTINGS, tenantMaxRows: 50 }).of("a").maxRows, 50);
});

const WRONG: readonly (readonly [title: string, text: string, message: RegExp])[] = [
  ["no JSON", "{", /tenants\.json: .*JSON.*; expected a JSON file/],
  ["no object", "[]", /tenants\.json: seen \[\], expected an object$/],
  [
    "an unknown field",
    '{"default": {"wieght": 1}}',
    /: default\.wieght: no such field; see docs\/scheduling\.md for those there are$/,
  ],
  [
    "a weight of nothing",
    '{"tenants": {"a": {"weight": 0}}}',
    /: tenants\.a\.weight: seen 0, expected at least 0\.001$/,
  ],
  [
    "a weight in words",
    '{"tenants": {"a": {"weight": "high"}}}',
    /: tenants\.a\.weight: seen "high", expected a number$/,
  ],
  [
    "no rows at all",
    '{"default": {"maxRows": 0}}',
    /: default\.maxRows: seen 0, expected at least 1$/,
  ],
  [
    "work of no time",
    '{"tenants": {"a": {"maxBacklogS": 0}}}',
    /: tenants\.a\.maxBacklogS: seen 0, expected at least 0\.001$/,
  ],
  [
    "an unknown priority",
    '{"default": {"highestPriority": "urgent"}}',
    /: default\.highestPriority: seen "urgent", expected one of "interactive", "batch"$/,
  ],
  [
    "a name without end",
    `{"tenants": {"${"n".repeat(200)}": {}}}`,
    /: tenants\.n+: expected a name of at most 128 characters$/,
  ],
  [
    "a name that no record can have",
    '{"tenants": {"__proto__": {"maxRows": 1}}}',
    /: tenants: seen a tenant __proto__, expected another name/,
  ],
  [
    "two things",
    '{"default": {"weight": -1, "maxRows": 0.5}}',
    /default\.weight: seen -1, .*\n.*default\.maxRows: seen 0\.5, expected an integer$/,
  ],
];

for (const [title, text, message] of WRONG) {
  test(`refused: ${title}`, async (t) => {
    const tenants = await fileOf(t, text);
    t.throws(() => openTenants({ ...NO_SETTINGS, tenants }), { instanceOf: ConfigError, message });
  });
}

test("a file that is not there is named", (t) => {
  t.throws(() => openTenants({ ...NO_SETTINGS, tenants: "/nowhere/tenants.json" }), {
    instanceOf: ConfigError,
    message: /^--tenants: \/nowhere\/tenants\.json: ENOENT.*; expected a JSON file/,
  });
});
