/**
 * The secrets that a state refers to, by references that are never used again. The two files are
 * changed as one: the state is replaced when what it refers to is there, and then what it does not
 * refer to is forgotten. What interrupts that leaves the state from before or the new one, and
 * either finds its secrets.
 */
import { ControlError } from "./control_error.ts";
import { NO_SECRETS, type SecretBook } from "./secret_book.ts";
import type { SecretFile } from "./secret_file.ts";

export class ReferredSecrets {
  readonly #file: SecretFile;
  /** What the file is known to hold. */
  #kept: SecretBook = NO_SECRETS;

  constructor(file: SecretFile) {
    this.#file = file;
  }

  async load(): Promise<SecretBook> {
    this.#kept = await this.#file.load();
    return this.#kept;
  }

  /** Writes the state with `write`; `used` are all secrets that it refers to. */
  async save(used: SecretBook, write: () => Promise<void>): Promise<void> {
    if ([...used.keys()].some((reference) => !this.#kept.has(reference))) {
      const both = new Map([...this.#kept, ...used]);
      await this.#file.save(both);
      this.#kept = both;
    }
    await write();
    if (this.#kept.size > used.size) await this.#forget(used);
  }

  /** Keeps `used` alone. Where that fails the change is made all the same; the next one tries. */
  async #forget(used: SecretBook): Promise<void> {
    try {
      await this.#file.save(used);
      this.#kept = used;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
    }
  }
}
