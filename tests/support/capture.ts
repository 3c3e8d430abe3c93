/** What goes over loopback to and from one port, as dumpcap records and tshark dissects it. */
import { programPath } from "../../scripts/peers.ts";
import { Lifeline } from "./lifeline.ts";
import { runPeer } from "./peer.ts";

/** Each takes tshark a good while. */
const TRIES = 30;

export class Capture {
  readonly #path: string;
  readonly #port: number;
  readonly #protocol: string;
  readonly #child: Deno.ChildProcess;
  readonly #lifeline: Lifeline;
  readonly #said: ReadableStreamDefaultReader<string>;
  #isEnded = false;

  private constructor(
    { path, port, protocol }: { path: string; port: number; protocol: string },
    child: Deno.ChildProcess,
  ) {
    this.#path = path;
    this.#port = port;
    this.#protocol = protocol;
    this.#child = child;
    this.#lifeline = new Lifeline(child.pid);
    this.#said = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Records to a file whatever comes by once this has resolved; `through` are words before the
   * command line, as for a network of its own.
   */
  static async start(
    path: string,
    port: number,
    through: readonly string[] = [],
    protocol = "iscsi",
  ): Promise<Capture> {
    // It comes with tshark, which would use it too, and say that it records before it does.
    const dumpcap = programPath("dumpcap")!;
    const words = ["-i", "lo", "-f", `tcp port ${port}`, "-w", path];
    const [program, ...args] = [...through, dumpcap, ...words];
    const child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const capture = new Capture({ path, port, protocol }, child);
    await capture.#begun();
    return capture;
  }

  /** The file is told of when the interface has been opened, and the filter set. */
  async #begun(): Promise<void> {
    let said = "";
    while (!/^File: /m.test(said)) {
      const { value, done } = await this.#said.read();
      if (done) throw new Error(`nothing is recorded: ${said}`);
      said += value;
    }
  }

  /** Waits until packets that `filter` lets through are on record, and records no more. */
  async stop(filter: string): Promise<void> {
    let found: string[][] = [];
    for (let tries = 0; tries < TRIES && found.length === 0; tries++) {
      found = await this.fields(filter, "frame.number");
    }
    await this.end();
    if (found.length === 0) throw new Error(`no packet with ${filter} came by`);
  }

  /** Records no more, whatever is still to come. */
  async end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#child.kill("SIGINT");
    await this.#said.cancel();
    await this.#child.status;
    await this.#lifeline.cut();
  }

  /** The values of some fields in each packet that `filter` lets through; both are tshark's. */
  async fields(filter: string, ...names: string[]): Promise<string[][]> {
    const dissector = ["-d", `tcp.port==${this.#port},${this.#protocol}`];
    const wanted = names.flatMap((name) => ["-e", name]);
    const words = ["-r", this.#path, ...dissector, "-Y", filter, "-T", "fields", ...wanted];
    // Its last packet may be cut off as long as it is being written, which is an error to tshark.
    const { stdout } = await runPeer("tshark", words);
    return stdout.split("\n").filter((line) => line !== "").map((line) => line.split("\t"));
  }
}
