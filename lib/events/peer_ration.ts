/**
 * How many events whoever reaches a portal may cause: each address has a share of its own, and all
 * of them together one, so that nobody fills the log.
 */
import { Allowance, type Ration } from "../runtime/allowance.ts";
import type { Clock } from "../runtime/clock.ts";

const OF_ADDRESS: Ration = { burst: 100, perSecond: 0.1 };
const OF_ALL: Ration = { burst: 500, perSecond: 2 };
/** Addresses that are remembered, the latest ones. */
const MOST_ADDRESSES = 1024;

/** What was left out since it was last asked. */
export interface LeftOut {
  readonly count: number;
  /** From which address most came. */
  readonly address: string;
}

interface Share {
  readonly allowance: Allowance;
  leftOut: number;
}

export class PeerRation {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #all: Allowance;
  /** The least recently heard of first. */
  readonly #shares = new Map<string, Share>();
  #leftOut = 0;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
    this.#all = new Allowance(clock, OF_ALL);
  }

  /** Whether one more event from the address is kept. */
  allows(address: string): boolean {
    const share = this.#shareOf(address);
    if (share.allowance.take() && this.#all.take()) return true;
    share.leftOut++;
    this.#leftOut++;
    return false;
  }

  /** What was left out, which begins anew; undefined where nothing was. */
  takeLeftOut(): LeftOut | undefined {
    if (this.#leftOut === 0) return undefined;
    let worst = ["", { leftOut: -1 }] as [string, Share];
    for (const each of this.#shares) if (each[1].leftOut > worst[1].leftOut) worst = each;
    const leftOut = { count: this.#leftOut, address: worst[0] };
    this.#leftOut = 0;
    for (const share of this.#shares.values()) share.leftOut = 0;
    return leftOut;
  }

  #shareOf(address: string): Share {
    const share = this.#shares.get(address) ??
      { allowance: new Allowance(this.#clock, OF_ADDRESS), leftOut: 0 };
    this.#shares.delete(address);
    this.#shares.set(address, share);
    if (this.#shares.size > MOST_ADDRESSES) {
      this.#shares.delete(this.#shares.keys().next().value!);
    }
    return share;
  }
}
