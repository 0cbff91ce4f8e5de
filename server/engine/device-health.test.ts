import test from "ava";
import { DeviceHealth } from "./device-health.ts";

test("five failures in a row make a device suspect, once; a success between starts the count anew", (t) => {
  const health = new DeviceHealth();
  const failures = (count: number) => Array.from({ length: count }, () => health.failed());
  t.deepEqual(failures(4), [false, false, false, false]);
  health.succeeded();
  t.deepEqual(failures(6), [false, false, false, false, true, false]);
  t.is(health.state, "suspect");
  health.succeeded();
  t.is(health.state, "working");
});

test("probes of a device that is out come ever later, up to a bound, until one succeeds", (t) => {
  const health = new DeviceHealth();
  const pauses = [health.takenOut(), ...Array.from({ length: 6 }, () => health.probeFailed())];
  t.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  t.is(health.state, "out");
  t.false(health.failed(), "no probe but those that are planned");
  health.succeeded();
  t.is(health.takenOut(), 1000);
});
