/** Ends a server with the process that started it, however that ends: nothing outlives a killed test. */

export class Lifeline {
  readonly #watcher: Deno.ChildProcess;

  /** Whoever has `pid` is killed when this process is gone, until the lifeline is cut. */
  constructor(pid: number) {
    // The pipe's other end closes with this process; until then nothing comes through it.
    this.#watcher = new Deno.Command("sh", {
      args: ["-c", 'read -r _; kill -9 "$1" 2>/dev/null', "sh", String(pid)],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** The server has ended: its number may be another's from now on. */
  async cut(): Promise<void> {
    this.#watcher.kill("SIGKILL");
    await this.#watcher.stdin.abort().catch(() => undefined);
    await this.#watcher.status;
  }
}
