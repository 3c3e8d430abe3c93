/** What a hostile NBD client sends: options and requests as they are, nearly, and not at all. */
import { emitContextRequest } from "../../lib/nbd/messages/context_request.ts";
import { emitInfoRequest } from "../../lib/nbd/messages/info_request.ts";
import { Option } from "../../lib/nbd/messages/option.ts";
import { textOctets } from "../../lib/nbd/messages/option_data.ts";
import { RequestType } from "../../lib/nbd/messages/request.ts";
import type { Chance } from "../support/chance.ts";
import { optionOctets, requestOctets } from "../support/raw_nbd_client.ts";

export const EXPORT_SIZE = 256 << 10;

const NAMES = [
  "disk",
  "ro",
  "",
  "none",
  "disk\0",
  "\ufeffdisk",
  "x".repeat(4096),
  "x".repeat(4097),
];
const QUERIES = [
  "base:allocation",
  "base:",
  "qemu:",
  "",
  ":",
  "base:allocation\0",
  "y".repeat(5000),
];
const OPTIONS = [...Object.values(Option), 0, 4, 11, 0x7fff_ffff, 0xffff_ffff];
const TYPES = [...Object.values(RequestType), 8, 0xffff];
/** Around what the export has, what one request may have, and what numbers have. */
const LENGTHS = [0, 1, 511, 512, 4096, 65_536, 65_537, EXPORT_SIZE, EXPORT_SIZE + 1];
const HUGE_LENGTHS = [32 << 20, (32 << 20) + 1, 2 ** 31, 2 ** 32 - 1];
const OFFSETS = [0, 1, 512, 4096, EXPORT_SIZE - 1, EXPORT_SIZE, 2 ** 32, 2 ** 53, 2 ** 64 - 2048];
/** Of what is really sent for a write. */
const MOST_DATA = 128 << 10;

export class NbdMaker {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** An option with its data, which may lie about its length. */
  option(): Uint8Array {
    const chance = this.#chance;
    const data = this.#optionData();
    const length = chance.in100(90)
      ? data.length
      : chance.one([0, data.length + 1, 65_537, 2 ** 32 - 1]);
    return this.#spoiled(optionOctets(chance.one(OPTIONS), data, length), 15);
  }

  #optionData(): Uint8Array {
    const chance = this.#chance;
    const exportName = chance.one(NAMES);
    const queries = Array.from({ length: chance.below(4) }, () => chance.one(QUERIES));
    const requests = Array.from({ length: chance.below(5) }, () => chance.below(6));
    const data = chance.one([
      () => new Uint8Array(0),
      () => textOctets(exportName),
      () => emitInfoRequest({ exportName, requests }),
      () => emitContextRequest({ exportName, queries }),
      () => chance.octets(chance.below(200)),
    ])();
    return this.#spoiled(data, 20);
  }

  /** A request, with the data that a write has; answers whether it holds together. */
  request(): { readonly octets: Uint8Array; readonly isSound: boolean } {
    const chance = this.#chance;
    const type = chance.one(TYPES);
    const isWrite = type === RequestType.WRITE;
    const length = chance.in100(isWrite ? 99 : 85) ? chance.one(LENGTHS) : chance.one(HUGE_LENGTHS);
    const data = isWrite ? chance.octets(Math.min(length, MOST_DATA)) : new Uint8Array(0);
    const request = {
      ...{ type, length, data },
      flags: chance.in100(70) ? chance.one([0, 1, 2, 4, 8, 16]) : chance.below(0x1_0000),
      offset: chance.in100(70) ? chance.below(EXPORT_SIZE) : chance.one(OFFSETS),
      cookie: chance.u32() * 2 ** 21,
      ...(chance.in100(1) ? { magic: chance.u32() } : {}),
    };
    const octets = requestOctets(request);
    const spoiled = this.#spoiled(octets, 4);
    const isWhole = !isWrite || data.length === length;
    return { octets: spoiled, isSound: spoiled === octets && isWhole && !("magic" in request) };
  }

  /** Now and then with another octet, cut short, or with something behind it. */
  #spoiled(octets: Uint8Array, percent: number): Uint8Array {
    const chance = this.#chance;
    if (octets.length === 0 || !chance.in100(percent)) return octets;
    const copy = octets.slice();
    const at = chance.below(Math.min(copy.length, 64));
    switch (chance.below(4)) {
      case 0:
        copy[at] = chance.u32();
        return copy;
      case 1:
        copy[at]! ^= 1 << chance.below(8);
        return copy;
      case 2:
        return copy.subarray(0, at);
      default:
        return Uint8Array.from([...copy, ...chance.octets(chance.below(30))]);
    }
  }
}
