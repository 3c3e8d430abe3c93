import assert from "node:assert/strict";
import { BANNER } from "../../../../cli/iscsicli/iscsicli.ts";
import type { InitiatorControl } from "../../../../lib/initiator_service/control.ts";
import { ran } from "../fake_surroundings.ts";

const NAME = "iqn.2026-01.org.example:me";
const initiator: Partial<InitiatorControl> = {
  show: () =>
    Promise.resolve({
      name: NAME,
      service: "running",
      since: null,
      ready: true,
      mutualSecret: false,
      sessions: 0,
      devices: 0,
    }),
  sessions: () => Promise.resolve([]),
  devices: () => Promise.resolve([]),
};

Deno.test("sanctl iscsicli takes words as they are, behind sanctl's own flags", async () => {
  for (const argv of [["iscsicli", "sessionlist"], ["--quiet", "iscsicli", "SESSIONLIST"]]) {
    const { exitCode, stdout } = await ran(argv, { initiator });
    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      `${BANNER}\n\nTotal of 0 sessions\n\nThe operation completed successfully. \n`,
    );
  }
  const words = "iscsicli RemovePersistentTarget * t * -1".split(" ");
  const { exitCode, stdout } = await ran(["iscsicli", "--strict", ...words.slice(1)], {
    initiator,
  });
  assert.equal(exitCode, 87);
  assert.match(stdout, /\niscsicli RemovePersistentTarget <Initiator Name>/);
});

Deno.test("sanctl iscsicli without words takes commands line by line", async () => {
  const input = "ListInitiators\n\nReportTargetMappings\n";
  const { exitCode, stdout } = await ran(["iscsicli"], { initiator, input });
  assert.equal(exitCode, 0);
  assert.match(stdout, new RegExp(`\\[${NAME}\\] Enter command or \\^C to exit\nInitiators List:`));
  assert.match(stdout, /\nNo mappings\n/);
});
