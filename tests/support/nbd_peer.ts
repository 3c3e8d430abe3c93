/** NBD servers that we did not write, each on a Unix socket of its own. */
import { join } from "node:path";
import { programPath } from "../../scripts/peers.ts";
import { Lifeline } from "./lifeline.ts";

export class NbdPeer {
  readonly #command: readonly string[];
  readonly #socket: string;
  #running: { readonly child: Deno.ChildProcess; readonly lifeline: Lifeline } | undefined;

  private constructor(command: readonly string[], socket: string) {
    this.#command = command;
    this.#socket = socket;
  }

  /** nbdkit, with `words` behind its name, such as filters, the plugin and their parameters. */
  static async nbdkit(folder: string, words: readonly string[]): Promise<NbdPeer> {
    const socket = join(folder, "nbdkit.sock");
    const peer = new NbdPeer(["nbdkit", "-f", "-U", socket, ...words], socket);
    await peer.start();
    return peer;
  }

  static async qemuNbd(folder: string, words: readonly string[]): Promise<NbdPeer> {
    const socket = join(folder, "qemu.sock");
    const command = ["qemu-nbd", "--persistent", "--shared=8", "-k", socket, "-x", "", ...words];
    const peer = new NbdPeer(command, socket);
    await peer.start();
    return peer;
  }

  get url(): string {
    return `nbd+unix:///?socket=${this.#socket}`;
  }

  /** Starts it, again too; resolves when it takes connections. */
  async start(): Promise<void> {
    await Deno.remove(this.#socket).catch(() => undefined);
    const [program, ...args] = this.#command;
    const child = new Deno.Command(programPath(program!)!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null", // of clients that go without a word
    }).spawn();
    this.#running = { child, lifeline: new Lifeline(child.pid) };
    for (let i = 0; i < 500; i++) {
      try {
        (await Deno.connect({ transport: "unix", path: this.#socket })).close();
        return;
      } catch {
        await new Promise((then) => setTimeout(then, 10));
      }
    }
    await this.end();
    throw new Error(`${program} does not listen`);
  }

  async end(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    if (this.#running === undefined) return;
    const { child, lifeline } = this.#running;
    this.#running = undefined;
    try {
      child.kill(signal);
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await child.status;
    await lifeline.cut();
  }
}
