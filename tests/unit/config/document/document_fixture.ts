/** A server that no service runs, whose disks' files are only remembered. */
import assert from "node:assert/strict";
import { type Control, ControlError } from "../../../../lib/config/control.ts";
import { OfflineKeeper } from "../../../../lib/config/offline.ts";
import { StateControl } from "../../../../lib/config/state_control.ts";
import { MemoryDiskFiles } from "../memory_disk_files.ts";

export interface TestServer {
  readonly control: Control;
  readonly files: MemoryDiskFiles;
  readonly directory: string;
}

/** Gives `test` an empty server. */
export async function withServer(test: (server: TestServer) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const files = new MemoryDiskFiles();
    const control = new StateControl(new OfflineKeeper(directory, files));
    await test({ control, files, directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What is declared, whole, as an operator would write it down. */
export async function declared(control: Control): Promise<string> {
  return (await control.export({ secrets: true })).text;
}

/** That the error is of the kind, and says this, with its next step. */
export function isRefusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    assert.notEqual(error.nextStep, undefined, error.message);
    return true;
  };
}
