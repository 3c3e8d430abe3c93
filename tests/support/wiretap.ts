/** A relay between an initiator and a portal that keeps what the target said first. */

const KEPT = 65_536;

export class Wiretap {
  /** `127.0.0.1:PORT`, to be given to the initiator. */
  readonly portal: string;
  #said = "";
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #running: Promise<void>;

  /** Relays whoever comes to `portal`, an `ADDRESS:PORT`. */
  constructor(portal: string) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.portal = `127.0.0.1:${this.#listener.addr.port}`;
    this.#running = this.#relayAll(portal);
  }

  /** The beginning of what the target said, octets as characters. */
  get said(): string {
    return this.#said;
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    await this.#running;
  }

  async #relayAll(portal: string): Promise<void> {
    const at = portal.lastIndexOf(":");
    const address = { hostname: portal.slice(0, at), port: Number(portal.slice(at + 1)) };
    const relays: Promise<void>[] = [];
    try {
      for await (const initiator of this.#listener) {
        const target = await Deno.connect(address);
        relays.push(this.#relay(initiator, target, false), this.#relay(target, initiator, true));
      }
    } finally {
      await Promise.all(relays);
    }
  }

  /** Hands on one direction, and closes both with the first that ends. */
  async #relay(from: Deno.TcpConn, to: Deno.TcpConn, isTarget: boolean): Promise<void> {
    this.#connections.add(from);
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        if (isTarget && this.#said.length < KEPT) this.#keep(buffer.subarray(0, count));
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
      }
    } catch {
      // Whoever was cut off in the middle has ended as well.
    } finally {
      this.#hangUp(from);
      this.#hangUp(to);
    }
  }

  #keep(octets: Uint8Array): void {
    this.#said += String.fromCharCode(...octets.subarray(0, KEPT - this.#said.length));
  }

  #hangUp(connection: Deno.TcpConn): void {
    if (!this.#connections.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // The other direction has closed it.
    }
  }
}
