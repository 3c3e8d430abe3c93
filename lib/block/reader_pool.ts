/**
 * Asynchronous reads over several descriptors of one file, since those of one are done one by one.
 */
import fs from "node:fs";

/** More gain little: 8 reach three quarters of what 32 do on a cold medium. */
const MOST_READERS = 8;

interface Reader {
  readonly fd: number;
  inFlight: number;
}

export class ReaderPool {
  readonly #readers: Reader[] = [];
  readonly #open: () => number;

  /** `open` makes one more descriptor of the file. */
  constructor(open: () => number) {
    this.#open = open;
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
    for (const reader of this.#readers.splice(0)) fs.closeSync(reader.fd);
  }

  #leastBusy(): Reader {
    let best: Reader | undefined;
    for (const reader of this.#readers) {
      if (best === undefined || reader.inFlight < best.inFlight) best = reader;
    }
    if (best !== undefined && (best.inFlight === 0 || this.#readers.length === MOST_READERS)) {
      return best;
    }
    return this.#openOne() ?? best!;
  }

  /** A further descriptor is a gain, not a need: without it the ones there are go on. */
  #openOne(): Reader | undefined {
    try {
      const reader = { fd: this.#open(), inFlight: 0 };
      this.#readers.push(reader);
      return reader;
    } catch (error) {
      if (this.#readers.length === 0) throw error;
      return undefined;
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
