/**
 * Writes that the server has acknowledged and not been asked to flush. A server that is started
 * anew may have forgotten them: it is told them again before anything else, so that a flush means
 * what it says.
 */
import { RequestType } from "../messages/request.ts";
import { Operation } from "./operation.ts";

interface LoggedWrite {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  /** Undefined: zeros. */
  readonly data: Uint8Array | undefined;
}

/** Octets that an entry is counted as, besides its data. */
const ENTRY_LENGTH = 128;

export class WriteLog {
  readonly #most: number;
  #entries: LoggedWrite[] = [];
  /** Entries that have been dropped. */
  #dropped = 0;
  #octets = 0;

  /** Holds at most so many octets. */
  constructor(most: number) {
    this.#most = most;
  }

  get octets(): number {
    return this.#octets;
  }

  get isHalfFull(): boolean {
    return this.#octets > this.#most / 2;
  }

  /** Whether these writes, which are under way, and one more will fit. */
  hasRoomFor(operation: Operation, underWay: Iterable<Operation>): boolean {
    let octets = this.#octets + lengthOf(operation);
    for (const each of underWay) octets += lengthOf(each);
    return octets <= this.#most;
  }

  /** Keeps what was written, since its buffer is its owner's again. */
  add(operation: Operation): void {
    const { type, offset, length, buffer, at } = operation;
    const data = type === RequestType.WRITE ? buffer.slice(at, at + length) : undefined;
    this.#entries.push({ type, offset, length, data });
    this.#octets += lengthOf(operation);
  }

  /** Stands for all that has been added so far. */
  get mark(): number {
    return this.#dropped + this.#entries.length;
  }

  /** What was added before the mark is on the medium. */
  drop(mark: number): void {
    const count = mark - this.#dropped;
    if (count <= 0) return;
    for (const { data } of this.#entries.splice(0, count)) {
      this.#octets -= ENTRY_LENGTH + (data?.length ?? 0);
    }
    this.#dropped = mark;
  }

  /** The writes as they have to be told again, in groups whose order does not matter. */
  *replay(most: number): Generator<Operation[]> {
    let group: Operation[] = [];
    for (const { type, offset, length, data } of this.#entries) {
      const buffer = data === undefined ? {} : { buffer: data };
      const operation = new Operation({ type, offset, length, ...buffer, transient: true });
      if (group.length === most || group.some((each) => each.overlaps(operation))) {
        yield group;
        group = [];
      }
      group.push(operation);
    }
    if (group.length > 0) yield group;
  }
}

function lengthOf(operation: Operation): number {
  return ENTRY_LENGTH + operation.payloadLength;
}
