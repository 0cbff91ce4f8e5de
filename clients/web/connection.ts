import type {
  DeepPartial,
  JobEvent,
  SampleRequest,
} from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { Client } from "../typescript/core/client.ts";
import { socketUrl } from "../typescript/core/socket.ts";
import { SocketTransport } from "../typescript/core/socket-transport.ts";

/** A job to ask for: a call of the client, and what it is given. */
export type JobCall =
  | { readonly $case: "sample"; readonly value: DeepPartial<SampleRequest> }
  | { readonly $case: "encode"; readonly value: Parameters<Client["encode"]>[0] }
  | { readonly $case: "decode"; readonly value: Parameters<Client["decode"]>[0] }
  | { readonly $case: "logLikelihood"; readonly value: Parameters<Client["logLikelihood"]>[0] };

/** A page that is open tries for ever, at least this often, in ms. */
const RETRY = { attempts: Number.MAX_SAFE_INTEGER, maxDelayMs: 5000 } as const;

/**
 * The client of the page's own server, and whether it is connected. The client itself connects again after a loss, sends
 * again what had not arrived, and comes back to jobs from the last event that it read.
 */
export class Connection extends EventTarget {
  readonly client: Client;
  #connected = false;

  /** @param address of the page */
  constructor(address: string) {
    super();
    const { protocol, host } = new URL(address);
    const open = (url: string): WebSocket => {
      const socket = new WebSocket(url);
      socket.addEventListener("open", () => this.#change(true));
      // The client hears of it after this listener, and only then opens another.
      socket.addEventListener("close", () => setTimeout(() => this.#change(false)));
      return socket;
    };
    const url = socketUrl(`${protocol}//${host}`);
    this.client = new Client(new SocketTransport(url, open), { retry: RETRY });
  }

  /** "change" is dispatched when it changes. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Starts a job that goes on without this page, so that the page can come back to it. @throws ScoreStreamError as it is read */
  start(call: JobCall): AsyncIterable<JobEvent> {
    const { client } = this;
    const options = { ...call.value.options, detached: true };
    switch (call.$case) {
      case "sample":
        return client.sample({ ...call.value, options });
      case "encode":
        return client.encode({ ...call.value, options });
      case "decode":
        return client.decode({ ...call.value, options });
      case "logLikelihood":
        return client.logLikelihood({ ...call.value, options });
    }
  }

  #change(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.dispatchEvent(new Event("change"));
  }
}
