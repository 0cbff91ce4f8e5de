import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TEST_CACHE } from "./config.ts";

/** One line of a server's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** A server in a process of its own, as an operator runs it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #lines: LogLine[] = [];
  readonly #exit: Promise<unknown>;
  #more: (() => void)[] = [];
  /** Ports that it listens on; 0 until it is ready. */
  grpcPort = 0;
  httpPort = 0;

  constructor(flags: readonly string[]) {
    const main = fileURLToPath(new URL("../main.js", import.meta.url));
    const ports = ["--grpc-port=0", "--http-port=0"];
    this.#child = spawn(process.execPath, [main, ...ports, `--cache=${TEST_CACHE}`, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#exit = once(this.#child, "exit");
    const { stderr } = this.#child;
    if (stderr === null) throw new TypeError("the process has no stderr");
    createInterface({ input: stderr }).on("line", (line) => {
      // What is no JSON is for people: a setting that is wrong, a library's own words.
      this.#lines.push(line.startsWith("{") ? (JSON.parse(line) as LogLine) : { msg: line });
      for (const tell of this.#more.splice(0)) tell();
    });
  }

  /** Starts one and waits until it is ready. @throws Error where it ends before */
  static async start(flags: readonly string[]): Promise<ServerProcess> {
    const server = new ServerProcess(flags);
    await server.ready();
    return server;
  }

  async ready(): Promise<void> {
    const { stdout } = this.#child;
    if (stdout === null) throw new TypeError("the process has no stdout");
    for await (const line of createInterface({ input: stdout })) {
      const { grpc, http } = JSON.parse(line) as { grpc: string; http: string };
      this.grpcPort = Number(/\d+$/.exec(grpc)?.[0]);
      this.httpPort = Number(/\d+$/.exec(http)?.[0]);
      return;
    }
    throw new Error(`the server ended before it was ready: ${JSON.stringify(this.#lines.at(-1))}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first line of the log with this message, once it is there. */
  async logged(msg: string): Promise<LogLine> {
    for (;;) {
      const found = this.#lines.find((line) => line.msg === msg);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#more.push(resolve));
    }
  }

  /** Its log so far. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** The text of its log so far. */
  get log(): string {
    return this.#lines.map(({ msg }) => msg).join("\n");
  }

  /** Its exit code, or the signal that ended it. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    await this.#exit;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  /** Ends it if it still runs. */
  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
  }
}
