import assert from "node:assert/strict";
import { Keyboard } from "../../../cli/keyboard.ts";

/** A terminal on which these pieces are typed, one a read; then the end. */
function terminal(...pieces: readonly (string | Uint8Array)[]) {
  const left = pieces.map((it) => typeof it === "string" ? new TextEncoder().encode(it) : it);
  const modes: string[] = [];
  return {
    modes,
    read(octets: Uint8Array) {
      modes.push("read");
      const next = left.shift();
      if (next === undefined) return Promise.resolve(null);
      octets.set(next);
      return Promise.resolve(next.length);
    },
    setRaw(mode: boolean, options?: Deno.SetRawOptions) {
      modes.push(mode ? `raw ${options?.cbreak}` : "cooked");
    },
  };
}

async function typed(...pieces: readonly (string | Uint8Array)[]): Promise<string | undefined> {
  return await new Keyboard(terminal(...pieces)).readHidden(() => {}, new AbortController().signal);
}

Deno.test("Keyboard: a line ends with Enter, and may be corrected before", async () => {
  assert.equal(await typed("secret\r"), "secret");
  assert.equal(await typed("secret\n"), "secret");
  assert.equal(await typed("s", "ec", "ret", "\r"), "secret");
  assert.equal(await typed("secrex\x7ft\r"), "secret");
  assert.equal(await typed("\x7f\x08secret\r"), "secret");
  assert.equal(await typed("wrong\x15secret\r"), "secret");
  assert.equal(await typed("\r"), "");
});

Deno.test("Keyboard: characters are read whole, however their octets come", async () => {
  const octets = new TextEncoder().encode("é\x7fñ𝄞\r");
  const pieces = [...octets].map((octet) => Uint8Array.of(octet));
  assert.equal(await typed(...pieces), "ñ𝄞");
});

Deno.test("Keyboard: the end of input is told from an empty line", async () => {
  assert.equal(await typed("\x04"), undefined);
  assert.equal(await typed(), undefined);
  assert.equal(await typed("secret\x04"), "secret");
  assert.equal(await typed("secret"), "secret");
});

Deno.test("Keyboard: what is pasted ahead answers the next question", async () => {
  const keyboard = new Keyboard(terminal("one\rtwo\rth", "ree\r"));
  const { signal } = new AbortController();
  for (const line of ["one", "two", "three", undefined]) {
    assert.equal(await keyboard.readHidden(() => {}, signal), line);
  }
});

Deno.test("Keyboard: nothing is shown from before the question to the end, however that comes", async () => {
  for (const how of ["typed", "interrupted", "failed"]) {
    const screen = terminal("secret\r");
    const controller = new AbortController();
    const ask = () => {
      screen.modes.push("ask");
      if (how === "failed") throw new Error("the pipe is broken");
      if (how === "interrupted") controller.abort();
    };
    const reading = new Keyboard(screen).readHidden(ask, controller.signal);
    if (how === "failed") await assert.rejects(reading);
    else await reading;
    const modes = screen.modes.filter((mode) => mode !== "read");
    assert.deepEqual(modes, ["raw true", "ask", "cooked"]);
  }
});
