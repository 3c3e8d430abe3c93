/** What tests of CHAP share: people with secrets, and the two spellings of octets. */
import { ChallengeIssuer } from "../../lib/iscsi/chap/challenge.ts";
import { type ChapCredentials, ChapSecret } from "../../lib/iscsi/chap/secret.ts";
import { parseBinary } from "../../lib/iscsi/binary_value.ts";
import { ChapFault } from "../../lib/iscsi/chap/fault.ts";
import type { InitiatorChapExchange } from "../../lib/iscsi/chap/initiator_exchange.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import type { Pair } from "../../lib/wire/key_values.ts";
import { type Answer, type LoginScript, NORMAL, STRAIGHT } from "./login.ts";

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

/** Plays an initiator's login to full feature phase with an exchange of its own. */
export async function chapLogin(
  script: LoginScript,
  exchange: InitiatorChapExchange,
  { keys = NORMAL, spelling = "0x" }: ChapLoginOptions = {},
): Promise<ChapLogin> {
  const offer = Object.fromEntries(exchange.offer);
  let answer = await script.send(SECURITY, { ...keys, ...offer });
  while (script.progress === "more" && answer.header.currentStage === 0) {
    const security = answer.pairs.filter(([key]) => /^(AuthMethod|CHAP_.)$/.test(key));
    const next = exchange.receive(security);
    if (next instanceof ChapFault) return { answer, fault: next.reason };
    if (answer.header.transit) break;
    answer = await script.send(exchange.isAnswered ? MOVE_ON : SECURITY, [
      ...respell(next, spelling),
    ]);
  }
  if (script.progress === "more") answer = await script.send(STRAIGHT);
  return { answer, fault: undefined };
}

export interface ChapLoginOptions {
  readonly keys?: Readonly<Record<string, string>>;
  readonly spelling?: Spelling;
}

export interface ChapLogin {
  /** The last one. */
  readonly answer: Answer;
  /** Why the initiator broke off, if it did. */
  readonly fault: string | undefined;
}

const SECURITY = { currentStage: 0 } as const;
const MOVE_ON = { transit: true, currentStage: 0, nextStage: 1 } as const;
