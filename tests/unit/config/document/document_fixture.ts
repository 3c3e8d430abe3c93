/** A server that no service runs, whose disks' files are only remembered. */
import assert from "node:assert/strict";
import {
  type ApplyOptions,
  type Changed,
  type Control,
  ControlError,
  type ExportOptions,
  type PlanFacts,
  type Progress,
} from "../../../../lib/config/control.ts";
import { documentText, readDocumentText } from "../../../../lib/config/document/document_text.ts";
import { OfflineKeeper } from "../../../../lib/config/offline.ts";
import { StateControl } from "../../../../lib/config/state_control.ts";
import { MemoryDiskFiles } from "../memory_disk_files.ts";

export interface TestServer {
  readonly control: Control;
  /** The same, with texts. */
  readonly documents: DocumentControl;
  readonly files: MemoryDiskFiles;
  readonly directory: string;
}

/** Gives `test` an empty server. */
export async function withServer(test: (server: TestServer) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const files = new MemoryDiskFiles();
    const control = new StateControl(new OfflineKeeper(directory, files));
    await test({ control, documents: new DocumentControl(control), files, directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Control, with documents as the texts that operators read and write. */
export class DocumentControl {
  readonly control: Control;

  constructor(control: Control) {
    this.control = control;
  }

  async export(options?: ExportOptions): Promise<string> {
    return documentText((await this.control.export(options)).document);
  }

  async apply(
    text: string,
    options?: ApplyOptions,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<PlanFacts>> {
    const { data, told } = readDocumentText(text, "x.yaml");
    try {
      return await this.control.apply(data, options, onProgress, signal);
    } catch (error) {
      throw told(error);
    }
  }
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
