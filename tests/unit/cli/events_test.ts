import assert from "node:assert/strict";
import { ControlError, type EventFacts, type EventsQuery } from "../../../lib/config/control.ts";
import { eventsDirectory } from "../../../lib/config/state_directory.ts";
import { EventLog } from "../../../lib/events/event_log.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { TestClock } from "../../support/test_clock.ts";
import { ran } from "./fake_surroundings.ts";

function event(sequence: number): EventFacts {
  return {
    sequence,
    at: "2026-01-01T00:00:00.000Z",
    kind: "disk-failed",
    data: {},
    source: "storage",
    id: 3,
    severity: "error",
    text: `disk d${sequence} failed`,
    cause: "its medium",
    remedy: "another one",
  };
}

/** A log of `count` events that answers two at a time. */
function logOf(count: number, onWait?: () => void) {
  return {
    events({ after = 0, waitMs }: EventsQuery = {}) {
      if (waitMs !== undefined) onWait?.();
      const left = Array.from({ length: count - after }, (_, at) => event(after + at + 1));
      const events = left.slice(0, 2);
      return Promise.resolve({
        events,
        next: after + events.length,
        more: left.length > events.length,
      });
    },
  };
}

Deno.test("sanctl events: a table of all of them, or with causes and remedies, or JSON", async () => {
  const control = logOf(5);
  const { exitCode, stdout } = await ran(["events"], { control });
  assert.equal(exitCode, 0);
  assert.equal(stdout.split("\n").length, 7);
  assert.match(stdout, /^TIME +SEVERITY +SOURCE +ID +EVENT\n2026\S+ +error +storage +3 +disk d1/);
  const verbose = await ran(["events", "--verbose"], { control });
  assert.match(verbose.stdout, /storage 3: disk d5 failed\n {2}cause: its medium\n {2}remedy: ano/);
  const json = JSON.parse((await ran(["events", "--json"], { control })).stdout);
  assert.equal(json.length, 5);
  const none = await ran(["events"], { control: logOf(0) });
  assert.deepEqual([none.exitCode, none.stdout, none.stderr], [0, "", "no events\n"]);
});

Deno.test("sanctl events: what is asked for goes to the service", async () => {
  const control = logOf(0);
  const { calls } = await ran(["events", "--since", "2026-01-01T00:00Z", "--source", "MPIO"], {
    control,
  });
  assert.equal(calls[0], 'events({"since":1767225600000,"source":"mpio","after":0})');
  const bad = await ran(["events", "--source", "nobody"], { control });
  assert.equal(bad.exitCode, 2);
  assert.match(bad.stderr, /it is one of iScsiPrt, MSiSCSI/);
});

Deno.test("sanctl events --follow begins with the last ten, and ends at Ctrl-C", async () => {
  let interrupt = (): void => {};
  const control = logOf(15, () => interrupt());
  const { exitCode, stdout } = await ran(["events", "--follow", "--json"], {
    control,
    onStart: (stop) => interrupt = stop,
  });
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).sequence);
  assert.deepEqual(lines, Array.from({ length: 10 }, (_, at) => at + 6));
  assert.equal(exitCode, 0);
});

Deno.test("sanctl events --follow goes on where the service ends, and with the next one", async () => {
  const directory = await Deno.makeTempDir();
  let interrupt = (): void => {};
  const log = new EventLog({
    directory: eventsDirectory(directory),
    clock: new TestClock(),
    logger: silentLogger,
  });
  async function gone(): Promise<never> {
    // What the service, or the next one, has to tell is in its files.
    log.note("configuration-changed", { change: "target late was added" });
    await log.read({});
    setTimeout(() => interrupt(), 0); // once they are being read
    throw new ControlError("unreachable", "the service is gone");
  }
  const control = {
    events: ({ waitMs }: EventsQuery = {}) =>
      waitMs === undefined ? Promise.resolve({ events: [], next: 0, more: false }) : gone(),
  };
  const argv = ["events", "--follow", "--state-dir", directory];
  const { exitCode, stdout } = await ran(argv, { control, onStart: (stop) => interrupt = stop });
  assert.equal(exitCode, 0);
  assert.match(stdout, /service 3: target late was added\n$/);
  const elsewhere = await ran([...argv, "--server", "http://192.0.2.1:1"], { control });
  assert.equal(elsewhere.exitCode, 6);
  await log.close();
  await Deno.remove(directory, { recursive: true });
});
