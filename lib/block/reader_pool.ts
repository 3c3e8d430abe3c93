/**
 * Asynchronous reads over several descriptors of one file, since those of one are done one by one.
 */
import fs from "node:fs";
import { errorCode } from "./errno.ts";
import { FileError } from "./file_error.ts";

/** More gain little: 8 reach three quarters of what 32 do on a cold medium. */
const MOST_READERS = 8;

interface Reader {
  readonly fd: number;
  /** Closed with the pool. */
  readonly owned: boolean;
  inFlight: number;
}

export class ReaderPool {
  readonly #readers: Reader[] = [];
  readonly #open: () => number;
  readonly #fallback: number;
  readonly #most: number;

  /**
   * `open` makes one more descriptor of the file, `most` of them; `fallback` serves while none can
   * be made.
   */
  constructor(open: () => number, fallback: number, most = MOST_READERS) {
    this.#open = open;
    this.#fallback = fallback;
    this.#most = most;
  }

  /** Octets read: fewer than asked for only at the file's end. */
  async read(position: number, into: Uint8Array, at: number, length: number): Promise<number> {
    const reader = this.#leastBusy();
    reader.inFlight++;
    try {
      let done = 0;
      while (done < length) {
        const count = await readOnce(reader.fd, into, at + done, length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    } finally {
      reader.inFlight--;
    }
  }

  close(): void {
    for (const reader of this.#readers.splice(0)) {
      if (reader.owned) fs.closeSync(reader.fd);
    }
  }

  #leastBusy(): Reader {
    let best: Reader | undefined;
    for (const reader of this.#readers) {
      if (best === undefined || reader.inFlight < best.inFlight) best = reader;
    }
    if (best !== undefined && (best.inFlight === 0 || this.#readers.length >= this.#most)) {
      return best;
    }
    const further = this.#readers.length < this.#most ? this.#openOne() : undefined;
    if (further === undefined && best !== undefined) return best;
    const reader = { fd: further ?? this.#fallback, owned: further !== undefined, inFlight: 0 };
    this.#readers.push(reader);
    return reader;
  }

  /** A further descriptor is a gain, not a need: a file may be renamed while it is in use. */
  #openOne(): number | undefined {
    try {
      return this.#open();
    } catch (error) {
      if (error instanceof FileError || errorCode(error) !== undefined) return undefined;
      throw error;
    }
  }
}

function readOnce(
  fd: number,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, at, length, position, (error, count) => {
      if (error) reject(error);
      else resolve(count ?? 0);
    });
  });
}
