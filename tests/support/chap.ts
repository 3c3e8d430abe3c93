/** What tests of CHAP share: people with secrets, and the two spellings of octets. */
import { ChallengeIssuer } from "../../lib/iscsi/chap/challenge.ts";
import { type ChapCredentials, ChapSecret } from "../../lib/iscsi/chap/secret.ts";
import { parseBinary } from "../../lib/iscsi/binary_value.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import type { Pair } from "../../lib/wire/key_values.ts";

export const ALICE: ChapCredentials = { user: "alice", secret: new ChapSecret("alice's own word") };
export const SERVER: ChapCredentials = {
  user: "server",
  secret: new ChapSecret("server its word"),
};

export function newIssuer(): ChallengeIssuer {
  return new ChallengeIssuer(systemRandom);
}

export type Spelling = "0x" | "0X" | "0b" | "0B";
export const SPELLINGS: readonly Spelling[] = ["0x", "0X", "0b", "0B"];

export function spell(octets: Uint8Array, spelling: Spelling): string {
  const plain = Uint8Array.from(octets);
  if (spelling === "0x") return spelling + plain.toHex();
  if (spelling === "0X") return spelling + plain.toHex().toUpperCase();
  return spelling + plain.toBase64();
}

/** The same keys, as a peer says them that spells octets this way. */
export function respell(pairs: readonly Pair[], spelling: Spelling): readonly Pair[] {
  return pairs.map(([key, value]): Pair => {
    if (key !== "CHAP_C" && key !== "CHAP_R") return [key, value];
    return [key, spell(parseBinary(value, 1024)!, spelling)];
  });
}
