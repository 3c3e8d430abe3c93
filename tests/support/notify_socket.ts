/** What a service tells its supervisor: the receiver of its datagrams, which Deno has none for. */
import { Lifeline } from "./lifeline.ts";

const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("bound", flush=True)
while True: print(receiver.recv(4096).decode(), flush=True)
`;

export class NotifySocket {
  readonly path: string;
  readonly #child: Deno.ChildProcess;
  readonly #lifeline: Lifeline;
  readonly #said: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(path: string, child: Deno.ChildProcess) {
    this.path = path;
    this.#child = child;
    this.#lifeline = new Lifeline(child.pid);
    this.#said = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(path: string): Promise<NotifySocket> {
    const args = ["-c", RECEIVER, path];
    const child = new Deno.Command("python3", { args, stdin: "null", stdout: "piped" }).spawn();
    const socket = new NotifySocket(path, child);
    await socket.until(/^bound\n/);
    return socket;
  }

  /** All that was told, as soon as it matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) {
      const { value, done } = await this.#said.read();
      if (done) throw new Error(`nothing more is told: ${this.#text}`);
      this.#text += value;
    }
    return this.#text;
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#lifeline.cut();
    await this.#said.cancel();
  }
}
