/** The document of a declared state, with nothing left out: objects by name, LUNs by number. */
import type {
  DeclaredAuthentication,
  DeclaredDisk,
  DeclaredReverseChap,
  DeclaredState,
} from "../schema.ts";
import { resolveSecret, type SecretBook } from "../secret_book.ts";
import { type DeclaredLimits, LIMIT_NAMES } from "../limits.ts";
import type {
  ServerDocument,
  WholeAuthentication,
  WholeDisk,
  WholeDocument,
  WholeLimits,
  WholeLun,
} from "./document.ts";

export interface DocumentSecrets {
  /** These stand in the document themselves, in the place of their references. */
  readonly revealed?: SecretBook;
  /** For these a word stands in the place of their references, which nobody knows yet. */
  readonly newSecrets?: SecretBook;
}

export function documentOf(state: DeclaredState, secrets: DocumentSecrets = {}): WholeDocument {
  const luns = lunsByTarget(state.disks);
  const targets = state.targets.map((target) => ({
    ...target,
    allow: target.allow.toSorted(),
    ...authenticationOf(target, secrets),
    luns: (luns.get(target.name) ?? []).sort((one, other) => one.lun - other.lun),
  }));
  const disks = state.disks.map(documentedDisk);
  const { discovery, limits, portals, isnsServers, schedules } = state;
  return {
    ...state,
    portals: portals ?? null,
    isnsServers: isnsServers ?? null,
    discovery: discovery === undefined ? null : authenticationOf(discovery, secrets),
    limits: limits === undefined ? null : wholeLimits(limits),
    schedules: schedules?.toSorted(byName) ?? null,
    targets: targets.sort(byName),
    disks: disks.sort(byName),
  };
}

/** Whether the file of a disk with snapshots is a child of another is for the file to say. */
/** That it is attached is of this machine, as what is mounted is. */
function documentedDisk(
  { assignments: _, attached: _attached, chain, ...disk }: DeclaredDisk,
): WholeDisk {
  const whole = { ...disk, snapshotSpace: disk.snapshotSpace ?? null };
  if (chain?.parent === undefined) return whole;
  const { type: _type, ...told } = whole;
  return told;
}

function wholeLimits(limits: DeclaredLimits): WholeLimits {
  return Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, limits[name] ?? null]),
  ) as unknown as WholeLimits;
}

/** Some targets with their disks, and nothing else of the server. */
export function partOf(document: WholeDocument, names: readonly string[]): ServerDocument {
  const { version, targets, disks } = document;
  const chosen = targets.filter(({ name }) => names.includes(name));
  const theirs = new Set(chosen.flatMap(({ luns }) => luns.map(({ disk }) => disk)));
  return { version, targets: chosen, disks: disks.filter(({ name }) => theirs.has(name)) };
}

function authenticationOf(
  { chap, reverseChap }: DeclaredAuthentication,
  secrets: DocumentSecrets,
): WholeAuthentication {
  return {
    chap: chap === undefined ? null : withSecret(chap, secrets),
    reverseChap: reverseChap === undefined ? null : withSecret(reverseChap, secrets),
  };
}

function withSecret<T extends DeclaredReverseChap>(
  { secret: secretReference, ...chap }: T,
  { revealed, newSecrets }: DocumentSecrets,
) {
  if (newSecrets?.has(secretReference)) return { ...chap, secret: "(new)" };
  if (revealed === undefined) return { ...chap, secretReference };
  return { ...chap, secret: resolveSecret(revealed, secretReference).reveal().text };
}

function lunsByTarget(disks: readonly DeclaredDisk[]): Map<string, WholeLun[]> {
  const luns = new Map<string, WholeLun[]>();
  for (const { name, assignments } of disks) {
    for (const { target, ...assignment } of assignments) {
      const list = luns.get(target) ?? [];
      list.push({ disk: name, ...assignment });
      luns.set(target, list);
    }
  }
  return luns;
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}
