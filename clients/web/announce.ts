import { byId } from "./dom.ts";

/** Tells what has happened to whoever listens to the page rather than looks at it. */
export function announce(message: string): void {
  byId("announcements", "p").textContent = message;
}
