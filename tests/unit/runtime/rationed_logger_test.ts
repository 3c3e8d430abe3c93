import assert from "node:assert/strict";
import { RationedLogger } from "../../../lib/runtime/rationed_logger.ts";
import { LogBook } from "../../support/login.ts";
import { TestClock } from "../../support/test_clock.ts";

Deno.test("B-16: RationedLogger passes a burst and a trickle, and counts what it leaves out", () => {
  const book = new LogBook();
  const clock = new TestClock();
  const logger = new RationedLogger(book, clock, { burst: 3, perSecond: 2 });
  for (let i = 0; i < 10; i++) logger.warn("knock", { i });
  assert.deepEqual(book.lines.map(({ facts }) => facts), [{ i: 0 }, { i: 1 }, { i: 2 }]);
  clock.advance(500);
  logger.info("knock", { i: 10 });
  logger.info("knock", { i: 11 });
  assert.deepEqual(book.lines.slice(3), [
    { level: "warn", message: "lines were left out, too many came at once", facts: { count: 7 } },
    { level: "info", message: "knock", facts: { i: 10 } },
  ]);
  clock.advance(60_000);
  for (let i = 0; i < 10; i++) logger.error("knock");
  assert.equal(book.lines.filter(({ level }) => level === "error").length, 3);
});
