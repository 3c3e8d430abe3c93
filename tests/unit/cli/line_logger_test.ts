import assert from "node:assert/strict";
import { type Level, lineLogger } from "../../../cli/line_logger.ts";

function logged(from: Level) {
  const lines: string[] = [];
  const logger = lineLogger({
    sink: { write: (text) => void lines.push(text) },
    from,
    clock: {
      now: () => new Date("2025-01-02T03:04:05.678Z"),
      nowMs: () => 0,
      after: () => () => {},
    },
  });
  return { logger, lines };
}

Deno.test("lineLogger: time, level, message and facts on one line", () => {
  const { logger, lines } = logged("info");
  logger.info("session opened", { target: "mail", count: 2, none: undefined });
  assert.deepEqual(lines, ["2025-01-02T03:04:05.678Z info  session opened target=mail count=2\n"]);
});

Deno.test("lineLogger: what is less grave than asked for is left out", () => {
  const { logger, lines } = logged("warn");
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  assert.deepEqual(lines.map((line) => line.trim().split(" ").at(-1)), ["c", "d"]);
});

Deno.test("lineLogger: text from a peer can neither end a line nor forge a fact", () => {
  const { logger, lines } = logged("info");
  logger.info("login", { initiator: 'iqn.x\n2025 error forged a="b"', empty: "" });
  assert.equal(lines.length, 1);
  assert.equal(lines[0]!.indexOf("\n"), lines[0]!.length - 1);
  assert.match(lines[0]!, /initiator="iqn\.x\\u\{a\}2025 error forged a=\\"b\\"" empty=""\n$/);
});
