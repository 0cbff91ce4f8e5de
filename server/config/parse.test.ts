import test from "ava";
import { type Config, ConfigError } from "./config.ts";
import { renderHelp, renderMarkdownTable } from "./help.ts";
import { parseCommand } from "./parse.ts";
import { SETTINGS } from "./settings.ts";

function config(argv: readonly string[], env: Record<string, string> = {}): Config {
  const command = parseCommand(argv, env);
  if (command.help) throw new Error("help was not asked for");
  return command.config;
}

function message(argv: readonly string[], env: Record<string, string> = {}): string {
  try {
    config(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "(no error)";
}

test("nothing given: the defaults of the table", (t) => {
  const defaults = Object.entries(SETTINGS).map(([key, setting]) => [key, setting.default]);
  t.deepEqual(config([]), Object.fromEntries(defaults));
  t.is(config([]).grpcPort, 50_051);
  t.is(config([]).host, "127.0.0.1");
});

test("every default is within its own range", (t) => {
  for (const setting of Object.values(SETTINGS)) {
    t.true(setting.schema.safeParse(String(setting.default)).success, setting.name);
  }
});

test("every setting can be set by its flag and by its variable", (t) => {
  for (const [key, { flag, variable, range }] of Object.entries(SETTINGS)) {
    const value =
      /from (\d+)/.exec(range)?.[1] ??
      (range.startsWith("one of") ? range.split(", ").at(-1) : undefined) ??
      (range.startsWith("some of") ? "cuda, cpu" : undefined) ??
      (range.startsWith("origins") ? "https://a.example,http://b.example:3000" : undefined) ??
      (range.startsWith("HOST:PORT") ? "[::1]:0" : undefined) ??
      (range.startsWith("a URL") ? "http://a.example:4318" : "x");
    if (value === undefined) return t.fail(range);
    const expected = /^\d+$/.test(value) ? Number(value) : value;
    t.is(Object.entries(config([flag, value])).find(([name]) => name === key)?.[1], expected, flag);
    t.is(
      Object.entries(config([], { [variable]: value })).find(([name]) => name === key)?.[1],
      expected,
      variable,
    );
  }
});

test("a flag wins over a variable, the last flag over the first", (t) => {
  const env = { SCORESTREAM_GRPC_PORT: "1", SCORESTREAM_HTTP_PORT: "2", PATH: "/bin" };
  const { grpcPort, httpPort } = config(["--grpc-port", "3", "--grpc-port=4"], env);
  t.deepEqual([grpcPort, httpPort], [4, 2]);
});

test("the variable by which clients find a server is none of the server's", (t) => {
  t.deepEqual(config([], { SCORESTREAM_SERVER: "127.0.0.1:50051" }), config([]));
});

const wrong: readonly [argv: string[], env: Record<string, string>, expected: RegExp][] = [
  [["--grpc-prot", "1"], {}, /^unknown flag --grpc-prot, expected one of .*--grpc-port/],
  [
    [],
    { SCORESTREAM_GRPC_PROT: "1" },
    /^unknown environment variable SCORESTREAM_GRPC_PROT, .*SCORESTREAM_GRPC_PORT/,
  ],
  [
    ["--grpc-port", "abc"],
    {},
    /^--grpc-port: seen "abc", expected a whole number from 0 to 65535$/,
  ],
  [["--grpc-port", "-1"], {}, /^--grpc-port: seen "-1", /],
  [["--grpc-port", "65536"], {}, /^--grpc-port: seen "65536", /],
  [["--grpc-port", "1.5"], {}, /^--grpc-port: seen "1\.5", /],
  [["--grpc-port", "1e3"], {}, /^--grpc-port: seen "1e3", /],
  [["--max-rows", "0"], {}, /^--max-rows: seen "0", expected a whole number from 1 /],
  [["--max-rows="], {}, /^--max-rows: seen "", /],
  [["--grpc-port"], {}, /^--grpc-port: seen no value, expected a whole number/],
  [["--models", "--threads", "2"], {}, /^--models: seen no value, /],
  [["--models="], {}, /^--models: seen "", expected text that is not empty$/],
  [["--log-level", "loud"], {}, /^--log-level: seen "loud", expected one of silent, .*debug/],
  [["--admin", "9090"], {}, /^--admin: seen "9090", expected HOST:PORT, or nothing$/],
  [["--admin", "localhost:65536"], {}, /^--admin: seen "localhost:65536", /],
  [["--admin", "::1:9090"], {}, /^--admin: seen "::1:9090", /],
  [["--otlp-endpoint", "127.0.0.1:4318"], {}, /^--otlp-endpoint: seen "127.0.0.1:4318", expected /],
  [["--otlp-endpoint", "http://u:p@a.example"], {}, /, expected a URL .* without user and passw/],
  [
    ["--allowed-origins", "a.example"],
    {},
    /^--allowed-origins: seen "a.example", expected origins/,
  ],
  [["--allowed-origins", "https://a.example/"], {}, /^--allowed-origins: seen /],
  [
    ["--providers", "cuda,rocm"],
    {},
    /^--providers: seen "cuda,rocm", expected some of tensorrt, cuda, webgpu, cpu, separated/,
  ],
  [["--providers", "cpu,cpu"], {}, /^--providers: seen "cpu,cpu", expected .* none twice$/],
  [["--providers="], {}, /^--providers: seen "", /],
  [["-x"], {}, /^unknown flag -x, /],
  [["50051"], {}, /^seen "50051", expected a flag: --help lists them$/],
  [
    [],
    { SCORESTREAM_THREADS: "many" },
    /^SCORESTREAM_THREADS: seen "many", expected a whole number from 0 to 1024$/,
  ],
  [["--threads=x", "--max-rows=y"], {}, /^--max-rows: seen "y", .*\n--threads: seen "x", /],
];

for (const [argv, env, expected] of wrong) {
  test(`refused: ${[...argv, ...Object.entries(env).map((pair) => pair.join("="))].join(" ")}`, (t) => {
    t.regex(message(argv, env), expected);
  });
}

test("--help wins over whatever else is there", (t) => {
  t.true(parseCommand(["--threads", "2", "--help"], {}).help);
});

test("help and the table of the README have every setting", (t) => {
  const [help, table] = [renderHelp(), renderMarkdownTable()];
  for (const { flag, variable, range, doc } of Object.values(SETTINGS)) {
    for (const words of [flag, variable, range, doc]) {
      t.true(help.includes(words), words);
      t.true(table.includes(words), words);
    }
  }
  const columns = table
    .trim()
    .split("\n")
    .map((line) => line.split("|").length);
  t.deepEqual(new Set(columns), new Set([8]));
});
