import test from "ava";
import { socketUrl } from "./socket.ts";

const URLS: readonly (readonly [address: string, url: string])[] = [
  ["ws://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/stream"],
  ["http://127.0.0.1:8080/", "ws://127.0.0.1:8080/v1/stream"],
  ["https://example.org", "wss://example.org/v1/stream"],
  ["wss://example.org/behind/a/proxy?key=1#top", "wss://example.org/behind/a/proxy?key=1"],
  ["ws://[::1]:8080", "ws://[::1]:8080/v1/stream"],
];

test("an address is a WebSocket's URL, with the server's path where it has none", (t) => {
  for (const [address, url] of URLS) t.is(socketUrl(address), url);
});

test("another address is refused with the value seen", (t) => {
  for (const address of ["", "127.0.0.1:8080", "/v1/stream", "file:///v1/stream"]) {
    t.throws(() => socketUrl(address), {
      instanceOf: TypeError,
      message: `address: seen "${address}", expected a URL such as ws://127.0.0.1:8080`,
    });
  }
});
