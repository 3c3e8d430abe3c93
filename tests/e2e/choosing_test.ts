/** Choosing at a terminal, on the executable. */
import assert from "node:assert/strict";
import type { TargetFacts } from "../../lib/config/facts.ts";
import { Lifeline } from "../support/lifeline.ts";
import { EXECUTABLE, requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";

/** A command at a terminal: what is shown, and what is typed once something is. */
class AtTerminal {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  shown = "";

  constructor(sanctl: Sanctl, line: string) {
    // script(1) gives it a terminal of its own.
    this.#child = new Deno.Command("script", {
      args: ["-qec", `stty cols 120 rows 40; ${EXECUTABLE} ${line}`, "/dev/null"],
      env: { ...sanctl.environment, TERM: "xterm" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#writer = this.#child.stdin.getWriter();
  }

  async type(keys: string, onceShown: string): Promise<void> {
    while (!this.shown.includes(onceShown)) {
      const { value, done } = await this.#reader.read();
      assert.ok(!done, `it ended before it showed ${onceShown}: ${this.shown}`);
      this.shown += value;
    }
    this.shown = "";
    await this.#writer.write(new TextEncoder().encode(keys));
  }

  /** Its exit code, with the rest of what it showed. */
  async end(): Promise<number> {
    const lifeline = new Lifeline(this.#child.pid);
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.shown += value;
    }
    const { code } = await this.#child.status;
    await this.#writer.close().catch(() => undefined);
    await lifeline.cut();
    return code;
  }
}

Deno.test({
  name: "target allow without an ID: those that came by are chosen with the keys",
  ...requires("dist/sanctl", "script"),
  fn: () =>
    withSanctl(async (sanctl) => {
      await sanctl.ok("target create mail");
      const seen = { firstSeen: Date.now(), lastSeen: Date.now(), visits: 1, refusal: "no" };
      const visitors = ["ada", "bob"].map((name) => ({
        initiator: `iqn.2026-01.org.example:${name}`,
        address: "192.0.2.7",
        ...seen,
      }));
      const file = `${sanctl.environment["SANCTL_STATE_DIR"]}/initiators.json`;
      await Deno.writeTextFile(file, JSON.stringify(visitors), { mode: 0o600 });

      const command = new AtTerminal(sanctl, "target allow mail");
      await command.type("\x1b[B", "Enter"); // down
      await command.type(" ", "192.0.2.7");
      await command.type("\r", "◼");
      assert.equal(await command.end(), 0, command.shown);
      const { allow } = await sanctl.facts<TargetFacts>("target show mail");
      assert.equal(allow.length, 1);
      assert.match(command.shown, new RegExp(`target mail allows ${allow[0]}`));

      const stopped = new AtTerminal(sanctl, "target allow mail");
      await stopped.type("\x03", "Enter");
      assert.equal(await stopped.end(), 130);
      assert.match(stopped.shown, /sanctl: interrupted/);
      assert.deepEqual((await sanctl.facts<TargetFacts>("target show mail")).allow, allow);
    }),
});
