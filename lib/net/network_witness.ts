/** What this machine's resolver and its table of neighbours say about who comes. */
import type { Clock } from "../runtime/clock.ts";
import { type IpAddress, isSameAddress } from "./ip_address.ts";
import type { NeighbourTable } from "./neighbour_messages.ts";
import { hardwareAddressIn, isLoopback } from "./neighbours.ts";
import { Remembered } from "./remembered.ts";
import type { Finding, Question, Witness } from "./witness.ts";

export interface NetworkWitnessOptions {
  readonly clock: Clock;
  resolve(host: string): Promise<readonly IpAddress[]>;
  /** Throws with why they cannot be told. */
  readNeighbours(family: 4 | 6): NeighbourTable;
}

/**
 * While the resolvers are away, an address that they gave holds for five minutes. Lookups occupy
 * threads that files need too, so they are few at once.
 */
const HOSTS = {
  failureMs: 5_000,
  staleMs: 5 * 60_000,
  deadlineMs: 5_000,
  atOnce: 4,
  most: 8192,
} as const;
/** How old an answer may be that admits the peer; one that does not: the host may have moved. */
const HOST_FITS_MS = 30_000;
const HOST_DIFFERS_MS = 2_000;

/** The whole table is one answer, of each family. */
const NEIGHBOURS = {
  failureMs: 1_000,
  staleMs: 60_000,
  deadlineMs: 3_000,
  atOnce: 2,
  most: 2,
} as const;
const NEIGHBOUR_KNOWN_MS = 1_000;
/** Between two readings, so that nobody can make them a burden. */
const READING_GAP_MS = 50;

export class NetworkWitness implements Witness {
  readonly #hosts: Remembered<readonly IpAddress[]>;
  readonly #neighbours: Remembered<NeighbourTable>;
  readonly #options: NetworkWitnessOptions;
  #readMs = -Infinity;

  constructor(options: NetworkWitnessOptions) {
    const { clock, resolve } = this.#options = options;
    this.#hosts = new Remembered({ clock, ask: resolve, ...HOSTS });
    this.#neighbours = new Remembered({
      clock,
      ask: (family) => this.#read(family),
      ...NEIGHBOURS,
    });
  }

  addressesOf(host: string): Finding<readonly IpAddress[]> {
    return this.#hosts.know(host);
  }

  hardwareAddressOf(neighbour: IpAddress): Finding<string> {
    if (isLoopback(neighbour)) return { failure: "it comes from this machine, and by no adapter" };
    const table = this.#neighbours.know(familyOf(neighbour));
    if ("failure" in table) return table;
    try {
      return { value: hardwareAddressIn(table.value, neighbour) };
    } catch (error) {
      if (error instanceof Error) return { failure: error.message };
      throw error;
    }
  }

  isUnanswered(questions: readonly Question[]): boolean {
    return questions.some((question) =>
      "host" in question && this.#hosts.isUnanswered(question.host)
    );
  }

  find(questions: readonly Question[]): Promise<void> | undefined {
    const waits = questions.map((question) =>
      "host" in question ? this.#findHost(question) : this.#findNeighbour(question.neighbour)
    ).filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  #findHost({ host, peer }: { host: string; peer: IpAddress | undefined }) {
    const known = this.#hosts.know(host);
    const fits = peer !== undefined && "value" in known &&
      known.value.some((address) => isSameAddress(address, peer));
    return this.#hosts.refresh(host, fits ? HOST_FITS_MS : HOST_DIFFERS_MS);
  }

  /** Who has just come is in the table since its connection began: an older one may lack it. */
  #findNeighbour(neighbour: IpAddress): Promise<void> | undefined {
    if (isLoopback(neighbour)) return undefined;
    const isKnown = "value" in this.hardwareAddressOf(neighbour);
    return this.#neighbours.refresh(familyOf(neighbour), isKnown ? NEIGHBOUR_KNOWN_MS : 0);
  }

  async #read(family: string): Promise<NeighbourTable> {
    const { clock, readNeighbours } = this.#options;
    const earlyMs = this.#readMs + READING_GAP_MS - clock.nowMs();
    if (earlyMs > 0) await new Promise<void>((then) => clock.after(earlyMs, then));
    this.#readMs = clock.nowMs();
    return readNeighbours(family === "4" ? 4 : 6);
  }
}

function familyOf(address: IpAddress): string {
  return address.length === 4 ? "4" : "6";
}
