import { Option } from "commander";
import type { Client } from "../../typescript/core/client.ts";
import { wrong } from "./option.ts";

export const DEFAULT_SERVER = "127.0.0.1:50051";

/** Where a command asks, and how it answers. */
export interface ServerFlags {
  /** Of gRPC, such as 127.0.0.1:50051, or of the WebSocket, such as ws://127.0.0.1:8080. */
  readonly server: string;
  readonly json?: boolean;
}

export const SERVER_OPTIONS: readonly (() => Option)[] = [
  () =>
    new Option("--server <address>", "HOST:PORT of gRPC, or ws://HOST:PORT of the WebSocket")
      .env("SCORESTREAM_SERVER")
      .default(DEFAULT_SERVER)
      .argParser((text) => {
        if (/^[^\s/]+:\d{1,5}$/.test(text) || /^(ws|http)s?:\/\/[^\s/]/.test(text)) return text;
        const expected = `HOST:PORT of gRPC, such as ${DEFAULT_SERVER}, or a WebSocket's URL`;
        throw wrong("--server", text, `${expected}, such as ws://127.0.0.1:8080`);
      }),
  () => new Option("--json", "prints JSON in place of text: docs/cli.md"),
];

/** Runs `use` with a client of the server, which is let go afterwards. gRPC is loaded here and not before. */
export async function withClient<T>(
  { server }: ServerFlags,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { connect } = await import("../../typescript/connect.ts");
  // Whether to try again is for whoever called us: exit codes 3 and 4 say that it may help.
  const client = connect(server, { retry: false });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
