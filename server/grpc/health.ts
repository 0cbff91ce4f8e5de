import type { Server } from "@grpc/grpc-js";
import { HealthImplementation, type ServingStatus } from "grpc-health-check";
import type { Service } from "../service.ts";

/** How soon those who watch the health learn of a change, in ms. */
const POLL_MS = 100;

/** The names that health can be asked for: the server as a whole, and its service. */
const NAMES = ["", "scorestream.v1.ScoreStream"] as const;

/** grpc.health.v1 of a server. */
export interface Health {
  /** From now on NOT_SERVING, whatever the service says: the server drains. */
  drain(): void;
  /** Stops following the service. */
  stop(): void;
}

/** Adds grpc.health.v1 to a server; its status follows `service.ready`. The caller stops it. */
export function addHealth(server: Server, service: Service): Health {
  const health = new HealthImplementation();
  let told: ServingStatus | undefined;
  let draining = false;
  const follow = (): void => {
    const now: ServingStatus = service.ready && !draining ? "SERVING" : "NOT_SERVING";
    if (now === told) return;
    told = now;
    for (const name of NAMES) health.setStatus(name, now);
  };
  follow();
  health.addToServer(server);
  const timer = setInterval(follow, POLL_MS).unref();
  return {
    drain(): void {
      draining = true;
      follow();
    },
    stop: () => clearInterval(timer),
  };
}
