/**
 * open-isns's server on a free port of loopback, with a database of its own, and its client that
 * looks into it. It ends with the test.
 */
import { programPath } from "../../scripts/peers.ts";
import { Lifeline } from "./lifeline.ts";
import { peer } from "./peer.ts";

export class IsnsServer {
  readonly port: number;
  readonly #directory: string;
  #running: { readonly child: Deno.ChildProcess; readonly lifeline: Lifeline } | undefined;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
  }

  static async start(directory: string): Promise<IsnsServer> {
    const server = new IsnsServer(directory, freePort());
    await server.#configure();
    await server.startAgain();
    return server;
  }

  /** `127.0.0.1:PORT`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async #configure(): Promise<void> {
    const server = [
      `Database = ${this.#directory}/isns-database`,
      `BindAddress = ${this.address}`,
      `PIDFile = ${this.#directory}/isnsd.pid`,
      `ControlSocket = ${this.#directory}/isnsd.sock`,
      "SourceName = iqn.2026-01.org.example:isns",
      "Security = 0",
      "SLPRegister = 0",
      "DefaultDiscoveryDomain = 1",
      "RegistrationPeriod = 10m",
      // It asks whoever asks for that every second, which its registrations may shorten.
      ...["ESIMinInterval = 1", "ESIMaxInterval = 1", "ESIRetries = 3"],
      "SCNTimeout = 5",
    ];
    const client = [
      `ServerAddress = ${this.address}`,
      "SourceName = iqn.2026-01.org.example:isnsadm",
      "Security = 0",
    ];
    await Deno.writeTextFile(`${this.#directory}/isnsd.conf`, `${server.join("\n")}\n`);
    await Deno.writeTextFile(`${this.#directory}/isnsadm.conf`, `${client.join("\n")}\n`);
  }

  /** On the same port, and with the database that is there. */
  async startAgain(): Promise<void> {
    const child = new Deno.Command(programPath("isnsd")!, {
      args: ["-f", "-c", `${this.#directory}/isnsd.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#running = { child, lifeline: new Lifeline(child.pid) };
    for (let tries = 0;; tries++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
        return;
      } catch (error) {
        if (tries === 100) throw error;
        await new Promise((then) => setTimeout(then, 50));
      }
    }
  }

  async end(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.child.kill(signal);
    await running.child.status;
    await running.lifeline.cut();
  }

  /** Its database is gone, as after a failure of its disk. */
  async forget(): Promise<void> {
    await Deno.remove(`${this.#directory}/isns-database`, { recursive: true });
  }

  /** isnsadm, which must succeed. */
  isnsadm(...words: string[]): Promise<string> {
    return peer("isnsadm", "-c", `${this.#directory}/isnsadm.conf`, ...words);
  }

  /** What isnsadm shows of all objects of a type, an object a record. */
  async list(type: "nodes" | "portals" | "portal-groups"): Promise<Record<string, string>[]> {
    const objects = (await this.isnsadm("--list", type)).split(/^Object \d+:$/m).slice(1);
    return objects.map((text) => {
      const pairs = [...text.matchAll(/: (.+?) = (.*)$/gm)];
      return Object.fromEntries(
        pairs.map(([, name, value]) => [name, value!.replace(/^"(.*)"$/, "$1")]),
      );
    });
  }

  /** Names of targets, sorted. */
  async targets(): Promise<string[]> {
    const nodes = await this.list("nodes");
    return nodes.filter((node) => node["iSCSI node type"] === "Target")
      .map((node) => node["iSCSI name"]!).sort();
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
