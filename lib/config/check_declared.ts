/** Checks the files of a declared disk or of a snapshot, whether a service has them open or not. */
import { DeviceExchanged } from "../block/exchangeable.ts";
import type { ImageReport } from "../vhd/check/check_image.ts";
import { checkOpen } from "../vhd/check/check_open.ts";
import { checkDisk, type CheckDiskOptions, checkedDisk, imageOptions } from "./check_disk.ts";
import { type CheckedFile, checkedFileOf } from "./checked_file.ts";
import { ControlError } from "./control_error.ts";
import type { Changed, CheckedDisk } from "./facts.ts";
import { fileFailure } from "./file_failure.ts";
import { requireNotAttached } from "./operations/attach_disk.ts";
import type { DeclaredDisk, DeclaredState } from "./schema.ts";
import { chainOf } from "./snapshots/find_snapshot.ts";
import { usersOf } from "./snapshots/lineage.ts";
import type { StateKeeper } from "./state_keeper.ts";

/** So often other files take the place of those that are looked at, and no more. */
const MOST_EXCHANGES = 8;

type Given = Pick<CheckDiskOptions, "repair" | "parent" | "onProgress" | "signal">;

/** Nothing is merged meanwhile. `find` answers the file, as the state has it at that moment. */
export async function checkDeclared(
  keeper: StateKeeper,
  find: (state: DeclaredState) => CheckedFile,
  given: Given,
): Promise<Changed<CheckedDisk>> {
  for (let turn = 0; turn < MOST_EXCHANGES; turn++) {
    const state = await keeper.state();
    const file = find(state);
    const options = optionsOf(keeper, file, given);
    if (given.repair && keeper.observation.running) return await repair(keeper, find, given);
    try {
      return { facts: await check(keeper, file, options), notices: [] };
    } catch (error) {
      if (!(error instanceof DeviceExchanged)) throw error;
    }
  }
  const { name } = find(await keeper.state());
  const what = `${name} got other files ${MOST_EXCHANGES} times while it was looked at`;
  throw new ControlError("in-use", what, "wait until snapshots of it are taken less often");
}

function optionsOf({ files: { around } }: StateKeeper, file: CheckedFile, given: Given) {
  const { name, disk, parent } = file;
  const { format, size, chain } = disk;
  return {
    ...given,
    around,
    disk: { name, format, size },
    parent: given.parent ?? parent,
    isMerging: chain?.merge !== undefined ||
      chainOf(disk).snapshots.some(({ deleting }) => deleting === true),
  };
}

async function check(
  keeper: StateKeeper,
  file: CheckedFile,
  options: CheckDiskOptions,
): Promise<CheckedDisk> {
  // Below the top nothing is written to: whoever has a file open there shares it with readers.
  const report = file.path === file.disk.path ? await served(keeper, file, options) : undefined;
  return report === undefined ? await checkDisk(file.path, options) : checkedDisk(report, true);
}

/** The disk as it is served; undefined: it is not. */
async function served(
  keeper: StateKeeper,
  { disk, path }: CheckedFile,
  options: CheckDiskOptions,
): Promise<ImageReport | undefined> {
  return await keeper.look(disk, (device, closed) => {
    const signals = [closed, options.signal].filter((each) => each !== undefined);
    const signal = AbortSignal.any(signals);
    return checkOpen(device, imageOptions({ ...options, signal })).catch((error) => {
      throw signal.aborted ? signal.reason : fileFailure(path, error);
    });
  });
}

/** The service closes every disk that has the file in its chain, and opens it again. */
async function repair(
  keeper: StateKeeper,
  find: (state: DeclaredState) => CheckedFile,
  given: Given,
): Promise<Changed<CheckedDisk>> {
  let facts: CheckedDisk | undefined;
  const state = await keeper.state();
  const users = usersOf(state, find(state).path);
  for (const disk of users) requireNobody(disk, keeper);
  for (const disk of users) await requireOpens(keeper, checkedFileOf(disk), given);
  await keeper.exchange(users.map(({ uuid }) => uuid), {
    mayBeAbsent: true,
    async run(state) {
      const file = find(state);
      for (const disk of usersOf(state, file.path)) requireNobody(disk, keeper);
      facts = await checkDisk(file.path, optionsOf(keeper, file, given));
      return { state, notices: [] };
    },
    async undo() {},
  });
  const notices: string[] = [];
  for (const disk of users) {
    await keeper.reopen(disk);
    notices.push(noticeOf(disk.name, keeper));
  }
  return { facts: facts!, notices };
}

/** As long as it is open all that it holds can be read, whatever its files have come to. */
async function requireOpens(keeper: StateKeeper, file: CheckedFile, given: Given): Promise<void> {
  const { signal } = given;
  const options = optionsOf(keeper, file, { repair: false, parent: undefined, signal });
  const found = await served(keeper, file, options);
  // One whose journal was removed gets another.
  const risk = found?.findings.find(({ severity, kind }) =>
    severity === "risk" && kind !== "journal"
  );
  if (risk === undefined) return;
  throw new ControlError(
    "at-risk",
    `${file.name} is not closed for a repair, as it might not open again: ${risk.path}: ` +
      risk.message,
    "leave the service running, and take a copy of the disk first: sanctl backup create",
  );
}

function noticeOf(name: string, { observation }: StateKeeper): string {
  const { failure } = observation.conditionOf(name);
  if (failure === null) return `disk ${name} was closed for the repair, and is open again`;
  return `disk ${name} was closed for the repair, and is not open again: ${failure}`;
}

function requireNobody(disk: DeclaredDisk, { observation }: StateKeeper): void {
  requireNotAttached(disk);
  const sessions = disk.assignments.flatMap(({ target }) => observation.sessions(target));
  if (sessions.length === 0) return;
  const who = [...new Set(sessions.map(({ initiator, target }) => `${initiator} in ${target}`))];
  const target = sessions[0]!.target;
  throw new ControlError(
    "in-use",
    `disk ${disk.name} is not repaired while initiators are logged in: ${who.join(", ")}`,
    `let them log out, or end that: sanctl target disconnect --target ${target}; ` +
      "sanctl disk check without --repair tells how it is meanwhile",
  );
}
