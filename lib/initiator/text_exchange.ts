/**
 * One question in a text, and its answer, which may come in many PDUs: the target sets C or
 * withholds F, and is asked to go on with its tag. RFC 7143 11.10, 11.11.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import { TextResponse } from "../iscsi/pdu/text_response.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { TextCollector } from "../iscsi/text_collector.ts";
import { KeyValueFault, type Pair } from "../wire/key_values.ts";
import type { Limits } from "./limits.ts";
import type { Requests } from "./requests.ts";

const NO_TEXT = new Uint8Array(0);

export class TextExchange {
  readonly #requests: Requests;
  readonly #limits: Limits;
  readonly #initiatorTaskTag: number;
  readonly #collector: TextCollector;
  readonly #answer = Promise.withResolvers<readonly Pair[]>();
  readonly #pairs: Pair[] = [];
  #pduCount = 0;

  /** `initiatorTaskTag` is for all of its PDUs. */
  constructor(requests: Requests, initiatorTaskTag: number, limits: Limits) {
    this.#requests = requests;
    this.#initiatorTaskTag = initiatorTaskTag;
    this.#limits = limits;
    this.#collector = new TextCollector(limits.discoveryTextLength, limits.discoveryItems);
    this.#answer.promise.catch(() => undefined);
  }

  /** Everything that the target said. */
  get answer(): Promise<readonly Pair[]> {
    return this.#answer.promise;
  }

  start(text: Uint8Array): void {
    this.#requests.text(this.#initiatorTaskTag, RESERVED_TAG, text);
  }

  /** Takes one response; true when it was the last. */
  receive(frame: Frame): boolean {
    const pdu = new TextResponse(frame.octets, frame.base);
    if (pdu.initiatorTaskTag !== this.#initiatorTaskTag) {
      throw new ProtocolError("Text Response to another request");
    }
    if (++this.#pduCount > this.#limits.discoveryPdus) {
      throw new ProtocolError(
        `an answer of more than ${this.#limits.discoveryPdus} Text Responses`,
      );
    }
    const { dataAt, dataLength, octets } = frame;
    this.#collect(octets.subarray(dataAt, dataAt + dataLength), pdu.continue);
    if (pdu.final) {
      if (pdu.continue) throw new ProtocolError("Text Response that is final and goes on");
      this.#answer.resolve(this.#pairs);
      return true;
    }
    if (pdu.targetTransferTag === RESERVED_TAG) {
      throw new ProtocolError("Text Response that goes on without a tag");
    }
    this.#requests.text(this.#initiatorTaskTag, pdu.targetTransferTag, NO_TEXT);
    return false;
  }

  #collect(text: Uint8Array, goesOn: boolean): void {
    if (goesOn) {
      if (this.#collector.add(text)) return;
      const { discoveryTextLength } = this.#limits;
      throw new ProtocolError(`an answer of more than ${discoveryTextLength} octets of text`);
    }
    const pairs = this.#collector.take(text);
    if (pairs instanceof KeyValueFault) {
      throw new ProtocolError(`a text that is none: ${pairs.message}`);
    }
    this.#pairs.push(...pairs);
  }

  /** There will be no answer. */
  fail(reason: Error): void {
    this.#answer.reject(reason);
  }
}
