/** A session of libiscsi, the library itself, that lasts as long as a test wants. */
import assert from "node:assert/strict";

const SYMBOLS = {
  iscsi_create_context: { parameters: ["buffer"], result: "pointer" },
  iscsi_set_session_type: { parameters: ["pointer", "i32"], result: "i32" },
  iscsi_set_targetname: { parameters: ["pointer", "buffer"], result: "i32" },
  iscsi_set_noautoreconnect: { parameters: ["pointer", "i32"], result: "void" },
  iscsi_full_connect_sync: {
    parameters: ["pointer", "buffer", "i32"],
    result: "i32",
    nonblocking: true,
  },
  iscsi_testunitready_sync: {
    parameters: ["pointer", "i32"],
    result: "pointer",
    nonblocking: true,
  },
  iscsi_reportluns_sync: {
    parameters: ["pointer", "i32", "i32"],
    result: "pointer",
    nonblocking: true,
  },
  iscsi_readcapacity16_sync: {
    parameters: ["pointer", "i32"],
    result: "pointer",
    nonblocking: true,
  },
  iscsi_logout_sync: { parameters: ["pointer"], result: "i32", nonblocking: true },
  iscsi_get_error: { parameters: ["pointer"], result: "pointer" },
  iscsi_destroy_context: { parameters: ["pointer"], result: "i32" },
  scsi_datain_unmarshall: { parameters: ["pointer"], result: "pointer" },
  scsi_free_scsi_task: { parameters: ["pointer"], result: "void" },
} as const;

export const LIBISCSI = "libiscsi.so.7";

const NORMAL_SESSION = 2;
/** SELECT REPORT, and an allocation length that is enough. */
const ALL_UNITS = [0, 4096] as const;

export class LibiscsiSession {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #context: Deno.PointerValue;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>, context: Deno.PointerValue) {
    this.#library = library;
    this.#context = context;
  }

  /** Logs in to a LUN at a portal, an `ADDRESS:PORT`. */
  static async logIn(portal: string, target: string, lun = 0): Promise<LibiscsiSession> {
    const library = Deno.dlopen(LIBISCSI, SYMBOLS);
    const { symbols } = library;
    const context = symbols.iscsi_create_context(text("iqn.2026-01.org.example:libiscsi"));
    symbols.iscsi_set_session_type(context, NORMAL_SESSION);
    symbols.iscsi_set_targetname(context, text(target));
    symbols.iscsi_set_noautoreconnect(context, 1); // what is seen is seen on this very session
    const session = new LibiscsiSession(library, context);
    const status = await symbols.iscsi_full_connect_sync(context, text(portal), lun);
    if (status === 0) return session;
    const reason = session.#error;
    session.#close();
    throw new Error(`libiscsi cannot log in: ${reason}`);
  }

  /** TEST UNIT READY: empty for GOOD, else what libiscsi says of it. */
  async testUnitReady(lun: number): Promise<string> {
    const task = await this.#library.symbols.iscsi_testunitready_sync(this.#context, lun);
    return this.#end(task);
  }

  /** REPORT LUNS, which tells of up to 256 plainly numbered ones. */
  async luns(): Promise<number[]> {
    const { symbols } = this.#library;
    const task = await symbols.iscsi_reportluns_sync(this.#context, ...ALL_UNITS);
    assert.equal(isGood(task), true, this.#error);
    // struct scsi_reportluns_list: uint32_t num; uint16_t luns[].
    const list = new Deno.UnsafePointerView(symbols.scsi_datain_unmarshall(task)!);
    const luns = Array.from({ length: list.getUint32(0) }, (_, at) => list.getUint16(4 + 2 * at));
    this.#end(task);
    return luns;
  }

  /** READ CAPACITY(16): how many blocks there are. */
  async blockCount(lun: number): Promise<number> {
    const { symbols } = this.#library;
    const task = await symbols.iscsi_readcapacity16_sync(this.#context, lun);
    assert.equal(isGood(task), true, this.#error);
    // struct scsi_readcapacity16: uint64_t returned_lba; …
    const capacity = new Deno.UnsafePointerView(symbols.scsi_datain_unmarshall(task)!);
    const count = Number(capacity.getBigUint64(0)) + 1;
    this.#end(task);
    return count;
  }

  async logOut(): Promise<void> {
    const status = await this.#library.symbols.iscsi_logout_sync(this.#context);
    const reason = this.#error;
    this.#close();
    assert.equal(status, 0, reason);
  }

  #close(): void {
    this.#library.symbols.iscsi_destroy_context(this.#context);
    this.#library.close();
  }

  #end(task: Deno.PointerValue): string {
    const said = isGood(task) ? "" : this.#error;
    if (task !== null) this.#library.symbols.scsi_free_scsi_task(task);
    return said;
  }

  get #error(): string {
    const said = this.#library.symbols.iscsi_get_error(this.#context);
    return said === null ? "" : new Deno.UnsafePointerView(said).getCString();
  }
}

/** struct scsi_task: int status; … */
function isGood(task: Deno.PointerValue): boolean {
  return task !== null && new Deno.UnsafePointerView(task).getInt32(0) === 0;
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${value}\0`);
}
