/**
 * A Data-In whose data is received straight into the buffer of its command: what of it came with
 * the header is copied there, the rest never is.
 */
import { BHS_LENGTH } from "../iscsi/bhs.ts";
import type { Framer } from "../iscsi/framer.ts";
import { DataIn } from "../iscsi/pdu/data_in.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { crc32c } from "../wire/crc32c.ts";
import type { Inbox } from "../wire/inbox.ts";

const NO_PLACE = new Uint8Array(0);

export class DirectDataIn {
  /** True from `begin` to the `end` that answers true. */
  isUnderWay = false;
  readonly #header = new Uint8Array(BHS_LENGTH);
  /** The header, which lasts. */
  readonly pdu = new DataIn(this.#header);
  readonly #inbox: Inbox;
  readonly #framer: Framer;
  #place: Uint8Array = NO_PLACE;
  #trailerLength = 0;

  constructor(inbox: Inbox, framer: Framer) {
    this.#inbox = inbox;
    this.#framer = framer;
  }

  /** Octets of its data. */
  get dataLength(): number {
    return this.#place.length;
  }

  /** Begins with the PDU that the framer has located; `place` is for all of its data. */
  begin(place: Uint8Array): void {
    const { base, dataAt, octets, trailerLength } = this.#framer;
    const inbox = this.#inbox;
    this.#header.set(octets.subarray(base, base + BHS_LENGTH));
    const count = Math.min(inbox.end - dataAt, place.length);
    place.set(octets.subarray(dataAt, dataAt + count));
    this.#trailerLength = trailerLength;
    this.#place = place;
    this.isUnderWay = true;
    inbox.take(dataAt - base + count);
    if (count < place.length) inbox.divert(place.subarray(count));
  }

  /** True once all of it has come, undamaged. */
  end(): boolean {
    const inbox = this.#inbox;
    if (inbox.diverted > 0) return false;
    if (inbox.available < this.#trailerLength) {
      inbox.require(this.#trailerLength);
      return false;
    }
    if (this.#framer.dataDigest) this.#check();
    inbox.take(this.#trailerLength);
    this.isUnderWay = false;
    return true;
  }

  /** Lets go of the buffer. */
  release(): void {
    this.#place = NO_PLACE;
  }

  #check(): void {
    const { octets, view, start } = this.#inbox;
    const padding = -this.#place.length & 3;
    const ofData = crc32c(this.#place, 0, this.#place.length);
    const digest = crc32c(octets, start, padding, ofData);
    if (digest !== view.getUint32(start + padding, true)) {
      throw new ProtocolError("data digest error");
    }
  }
}
