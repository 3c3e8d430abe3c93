/** What is typed without being shown. */

const ENTER: readonly string[] = ["\r", "\n"];
const END_OF_INPUT = "\x04"; // ^D
const RUB_OUT: readonly string[] = ["\x08", "\x7f"];
const CLEAR_LINE = "\x15"; // ^U

/** A terminal as far as this needs it. */
export interface Terminal {
  read(octets: Uint8Array): Promise<number | null>;
  setRaw(mode: boolean, options?: Deno.SetRawOptions): void;
}

export class Keyboard {
  readonly #terminal: Terminal;
  readonly #decoder = new TextDecoder();
  /** Typed, and not taken yet: whoever pastes two lines types them at once. */
  #ahead = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * The next line; undefined at the end of input, or once `signal` aborts. `ask` is called when
   * nothing is shown any more, since an answer may be quick.
   */
  async readHidden(ask: () => void, signal: AbortSignal): Promise<string | undefined> {
    const aborted = new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    // Ctrl-C stays a signal.
    this.#terminal.setRaw(true, { cbreak: true });
    try {
      ask();
      return await Promise.race([this.#line(), aborted]);
    } finally {
      this.#terminal.setRaw(false);
    }
  }

  async #line(): Promise<string | undefined> {
    let line: string[] = [];
    for (;;) {
      for (const key of await this.#keys()) {
        this.#ahead = this.#ahead.slice(key.length);
        if (ENTER.includes(key)) return line.join("");
        if (key === END_OF_INPUT) return line.length === 0 ? undefined : line.join("");
        if (key === CLEAR_LINE) line = [];
        else if (RUB_OUT.includes(key)) line.pop();
        else line.push(key);
      }
    }
  }

  /** What was typed ahead, or else what is typed next, a character each. */
  async #keys(): Promise<string[]> {
    if (this.#ahead === "") {
      const octets = new Uint8Array(256);
      const length = await this.#terminal.read(octets);
      this.#ahead = length === null
        ? END_OF_INPUT
        : this.#decoder.decode(octets.subarray(0, length), { stream: true });
    }
    return [...this.#ahead];
  }
}
