/** An initiator's host that keeps a disk busy over two subnets: see multipath_load.ts. */
import assert from "node:assert/strict";
import { Lifeline } from "./lifeline.ts";
import type { LoadFigures, LoadLine, LoadOptions } from "./multipath_load.ts";
import type { NetworkNamespace } from "./network_namespace.ts";

const PROGRAM = new URL("multipath_load.ts", import.meta.url).pathname;

/** What the device told of a path, and when. */
export interface PathEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

export class MultipathHost {
  readonly events: PathEvent[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #lifeline: Lifeline;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: LoadLine[] = [];
  readonly #log: Promise<string>;
  #isOver = false;
  #heard = Promise.withResolvers<void>();

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lifeline = new Lifeline(child.pid);
    this.#writer = child.stdin.getWriter();
    this.#log = new Response(child.stderr).text();
    this.#listen();
  }

  /** Resolves when all paths are there and the load is on. */
  static async start(network: NetworkNamespace, options: LoadOptions): Promise<MultipathHost> {
    const [program, ...words] = [...network.through, Deno.execPath()];
    const child = new Deno.Command(program!, {
      args: [...words, "run", "-A", "--no-check", PROGRAM, JSON.stringify(options)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const host = new MultipathHost(child);
    await host.#line((line) => "ready" in line);
    return host;
  }

  async #listen(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const all = (rest + chunk).split("\n");
      rest = all.pop()!;
      for (const text of all) this.#take(JSON.parse(text));
      this.#ring();
    }
    this.#isOver = true;
    this.#ring();
  }

  #ring(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  #take(line: LoadLine): void {
    if ("event" in line) this.events.push({ ...line, atMs: performance.now() });
    else this.#lines.push(line);
  }

  async #line<L extends LoadLine>(is: (line: LoadLine) => boolean): Promise<L> {
    for (;;) {
      const at = this.#lines.findIndex(is);
      if (at >= 0) return this.#lines.splice(at, 1)[0] as L;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (this.#isOver) throw new Error(`the load ended: ${await this.#log}`);
    await this.#heard.promise;
  }

  /** The first event of the kind since so many; waits for it. */
  async event(since: number, is: (event: PathEvent) => boolean): Promise<PathEvent> {
    for (;;) {
      const found = this.events.slice(since).find(is);
      if (found !== undefined) return found;
      await this.#more();
    }
  }

  async #say(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  async setPolicy(name: string): Promise<void> {
    await this.#say(`policy ${name}`);
  }

  /** What has happened since they were taken last. */
  async takeFigures(): Promise<LoadFigures> {
    await this.#say("figures");
    return (await this.#line<{ figures: LoadFigures }>((line) => "figures" in line)).figures;
  }

  /** Fails unless the disk holds what it has to. */
  async check(): Promise<void> {
    await this.#say("check");
    const { checked } = await this.#line<{ checked: string | null }>((line) => "checked" in line);
    assert.equal(checked, null);
  }

  async stop(): Promise<void> {
    await this.#say("stop").catch(() => undefined);
    const { success } = await this.#child.status;
    await this.#lifeline.cut();
    assert.ok(success, await this.#log);
  }

  async kill(): Promise<void> {
    if (this.#isOver) return;
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#lifeline.cut();
  }
}
