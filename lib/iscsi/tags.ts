/** Task tags that we give: each once, until they come round. RFC 7143 11.2.1.8, 11.8.5. */
import { serialAdd } from "../wire/serial.ts";
import { RESERVED_TAG } from "./bhs.ts";

export class Tags {
  #last: number;

  /** `before` is the tag before the first one. */
  constructor(before = RESERVED_TAG) {
    this.#last = before;
  }

  /** The next tag; never the reserved one, which names no task. */
  take(): number {
    this.#last = serialAdd(this.#last, 1);
    if (this.#last === RESERVED_TAG) this.#last = 0;
    return this.#last;
  }
}
