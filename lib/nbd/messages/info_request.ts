/** The data of `NBD_OPT_INFO` and `NBD_OPT_GO`. doc/proto.md, "Option types". */
import { concatenated, OptionData, stringOctets, u16Octets } from "./option_data.ts";

export interface InfoRequest {
  readonly exportName: string;
  /** Information types. */
  readonly requests: readonly number[];
}

/** Undefined: it does not hold together. */
export function parseInfoRequest(octets: Uint8Array): InfoRequest | undefined {
  const data = new OptionData(octets);
  const exportName = data.string();
  const count = data.u16();
  if (exportName === undefined || count === undefined || data.left !== count * 2) return undefined;
  return { exportName, requests: Array.from({ length: count }, () => data.u16()!) };
}

export function emitInfoRequest({ exportName, requests }: InfoRequest): Uint8Array {
  const types = requests.map(u16Octets);
  return concatenated(stringOctets(exportName), u16Octets(types.length), ...types);
}
