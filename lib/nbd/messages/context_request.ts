/**
 * The data of `NBD_OPT_LIST_META_CONTEXT` and `NBD_OPT_SET_META_CONTEXT`. doc/proto.md, "Option
 * types".
 */
import { concatenated, OptionData, stringOctets, u32Octets } from "./option_data.ts";

export interface ContextRequest {
  readonly exportName: string;
  readonly queries: readonly string[];
}

/** Undefined: it does not hold together. */
export function parseContextRequest(octets: Uint8Array): ContextRequest | undefined {
  const data = new OptionData(octets);
  const exportName = data.string();
  const count = data.u32();
  if (exportName === undefined || count === undefined) return undefined;
  const queries: string[] = [];
  // The count is the client's word; what there is of them is bounded by the data's length.
  while (queries.length < count) {
    const query = data.string();
    if (query === undefined) return undefined;
    queries.push(query);
  }
  return data.left === 0 ? { exportName, queries } : undefined;
}

export function emitContextRequest({ exportName, queries }: ContextRequest): Uint8Array {
  const count = u32Octets(queries.length);
  return concatenated(stringOctets(exportName), count, ...queries.map(stringOctets));
}
