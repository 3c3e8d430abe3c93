/**
 * Who came by in the last seven days, within bounds: who was refused makes way first, and one
 * address cannot take the room of others.
 */
import { REMEMBERED_MS, type Visitor } from "./visitor.ts";

const MOST_VISITORS = 1024;
const MOST_REFUSED_OF_ADDRESS = 64;

/** One attempt to log in. */
export type Visit = Pick<Visitor, "initiator" | "address" | "target" | "refusal">;

export class VisitorList {
  /** The least recently seen first. */
  readonly #visitors = new Map<string, Visitor>();

  /** Takes in those that were known before. */
  load(visitors: readonly Visitor[]): void {
    const inOrder = [...visitors].sort((one, other) => one.lastSeen - other.lastSeen);
    for (const visitor of inOrder) this.#put(visitor);
  }

  note({ initiator, address, target, refusal }: Visit, now: Date): void {
    const nowMs = now.getTime();
    const known = this.#visitors.get(keyOf({ initiator, address, target }));
    if (known === undefined) {
      const times = { firstSeen: nowMs, lastSeen: nowMs, visits: 1 };
      this.#put({ initiator, address, target, refusal, ...times });
    } else {
      known.lastSeen = nowMs;
      known.visits++;
      known.refusal = refusal;
      this.#put(known);
    }
  }

  /** It is still there, or was until now. */
  touch(visit: Omit<Visit, "refusal">, now: Date): void {
    const known = this.#visitors.get(keyOf(visit));
    if (known === undefined) return;
    known.lastSeen = now.getTime();
    this.#put(known);
  }

  /** Those of the last seven days, the latest first. */
  since(now: Date): Visitor[] {
    const fromMs = now.getTime() - REMEMBERED_MS;
    for (const [key, { lastSeen }] of this.#visitors) {
      if (lastSeen < fromMs) this.#visitors.delete(key);
    }
    return [...this.#visitors.values()].reverse();
  }

  #put(visitor: Visitor): void {
    const key = keyOf(visitor);
    this.#visitors.delete(key);
    this.#visitors.set(key, visitor);
    if (visitor.refusal !== undefined) this.#makeWayOf(visitor.address);
    if (this.#visitors.size > MOST_VISITORS) this.#forgetOne();
  }

  /** One address that was refused under many names keeps the latest of them. */
  #makeWayOf(address: string): void {
    let count = 0;
    let oldest: string | undefined;
    for (const [key, visitor] of this.#visitors) {
      if (visitor.refusal === undefined || visitor.address !== address) continue;
      oldest ??= key;
      count++;
    }
    if (count > MOST_REFUSED_OF_ADDRESS) this.#visitors.delete(oldest!);
  }

  #forgetOne(): void {
    for (const [key, { refusal }] of this.#visitors) {
      if (refusal !== undefined) return void this.#visitors.delete(key);
    }
    this.#visitors.delete(this.#visitors.keys().next().value!);
  }
}

/** Names hold no blanks, so nothing can be read two ways. */
function keyOf({ initiator, address, target }: Omit<Visit, "refusal">): string {
  return `${initiator} ${address} ${target ?? ""}`;
}
