/**
 * Mode pages: settings that initiators read and, where they may, change. SPC-4 7.5, SBC-3 6.4. A
 * page is its octets; what may be changed is a mask over them, and what the rest of the unit asks
 * about is read through a view. No page can be saved, so each start and each reset returns to the
 * defaults.
 */
import {
  bits,
  type Fields,
  flag,
  type Layout,
  layout,
  u16,
  u32,
  u8,
  type View,
} from "../wire/layout.ts";
import type { FieldPointer } from "./sense.ts";

/** PC of MODE SENSE. */
export const PageControl = { CURRENT: 0, CHANGEABLE: 1, DEFAULT: 2, SAVED: 3 } as const;
export type PageControl = typeof PageControl[keyof typeof PageControl];

/** All pages, and all subpages, of MODE SENSE. */
export const ALL_PAGES = 0x3f;
export const ALL_SUBPAGES = 0xff;

const PageHeader = { pageCode: bits(0, 0x3f), pageLength: u8(1) };

/** Read-Write Error Recovery, 01h. SBC-3 6.4. */
export const ReadWriteErrorRecoveryPage = layout(12, {
  ...PageHeader,
  awre: flag(2, 7), // bad blocks are reallocated as they are met, below us
  arre: flag(2, 6),
  readRetryCount: u8(3),
  writeRetryCount: u8(8),
  recoveryTimeLimit: u16(10),
});

/**
 * Disconnect-Reconnect, 02h. SPC-4 7.5. Every limit is zero: bursts are negotiated at login
 * instead.
 */
export const DisconnectReconnectPage = layout(16, { ...PageHeader, maximumBurstSize: u16(10) });

/** Caching, 08h. SBC-3 6.4. */
export const CachingPage = layout(20, {
  ...PageHeader,
  wce: flag(2, 2), // write cache enable: GOOD may come before the medium has the data
  rcd: flag(2, 0),
  dra: flag(12, 5), // disable read-ahead
});

/** Control, 0Ah. SPC-4 7.5. */
export const ControlPage = layout(12, {
  ...PageHeader,
  tst: bits(2, 0xe0), // one task set for all nexuses
  dSense: flag(2, 2),
  gltsd: flag(2, 1), // no log parameter is saved
  queueAlgorithmModifier: bits(3, 0xf0),
  qerr: bits(3, 0x06),
  uaIntlckCtrl: bits(4, 0x30),
  swp: flag(4, 3), // software write protect
  tas: flag(5, 6),
  busyTimeoutPeriod: u16(8),
});

/** Informational Exceptions Control, 1Ch. SPC-4 7.5. */
export const InformationalExceptionsPage = layout(12, {
  ...PageHeader,
  dexcpt: flag(2, 3), // reporting is disabled: nothing here foresees a failure
  mrie: bits(3, 0x0f),
  intervalTimer: u32(4),
});

interface Row<F extends Fields> {
  readonly code: number;
  readonly layout: Layout<F>;
  readonly defaults: Partial<Values<F>>;
  /** Fields that MODE SELECT may change. */
  readonly changeable?: readonly (keyof F)[];
}
type Values<F extends Fields> = {
  [K in keyof F]: F[K] extends { get(...args: never): infer T } ? T : never;
};

const UNRESTRICTED_REORDERING = 1;
/** Unlimited: a task waits as long as it takes. */
const NO_BUSY_TIMEOUT = 0xffff;

const ReadWriteErrorRecovery = page({
  code: 0x01,
  layout: ReadWriteErrorRecoveryPage,
  defaults: { awre: true, arre: true },
});
const DisconnectReconnect = page({ code: 0x02, layout: DisconnectReconnectPage, defaults: {} });
const Caching = page({
  code: 0x08,
  layout: CachingPage,
  defaults: { wce: true },
  changeable: ["wce"],
});
const Control = page({
  code: 0x0a,
  layout: ControlPage,
  defaults: {
    gltsd: true,
    queueAlgorithmModifier: UNRESTRICTED_REORDERING,
    busyTimeoutPeriod: NO_BUSY_TIMEOUT,
  },
  changeable: ["dSense", "swp"],
});
const InformationalExceptions = page({
  code: 0x1c,
  layout: InformationalExceptionsPage,
  defaults: { dexcpt: true },
});

/** A page's default values, and ones in the bits that may be changed. */
interface Page {
  readonly code: number;
  readonly defaults: Uint8Array;
  readonly changeable: Uint8Array;
}

function page<F extends Fields>(row: Row<F>): Page {
  const octets = new Uint8Array(row.layout.length);
  const head = { pageCode: row.code, pageLength: row.layout.length - 2 };
  const defaults = octets.slice();
  Object.assign(new row.layout(defaults), head, row.defaults);
  const changeable = octets.slice();
  const mask: View<Fields> = new row.layout(changeable) as View<Fields>;
  Object.assign(mask, head);
  for (const name of row.changeable ?? []) (mask as Record<keyof F, unknown>)[name] = true;
  return { code: row.code, defaults, changeable };
}

/** In ascending order, as MODE SENSE returns all of them. */
const PAGES = [
  ReadWriteErrorRecovery,
  DisconnectReconnect,
  Caching,
  Control,
  InformationalExceptions,
] as const;

/** What MODE SELECT wants, found to be in order, or where it is not. */
export type Selection =
  | { readonly fault: FieldPointer; readonly truncated?: boolean }
  | { readonly pages: ReadonlyMap<number, Uint8Array> };

export class ModePages {
  readonly #current = new Map<number, Uint8Array>();
  #caching!: View<typeof CachingPage.fields>;
  #control!: View<typeof ControlPage.fields>;

  constructor() {
    this.reset();
  }

  /** WCE. Without it every write is on the medium before its GOOD. */
  get writeCacheEnabled(): boolean {
    return this.#caching.wce;
  }

  /** SWP: nobody may write. */
  get softwareWriteProtect(): boolean {
    return this.#control.swp;
  }

  /** D_SENSE: sense data that comes with a status is in descriptor format. */
  get descriptorSense(): boolean {
    return this.#control.dSense;
  }

  /** Everything at its default again. */
  reset(): void {
    for (const { code, defaults } of PAGES) this.#current.set(code, defaults.slice());
    this.#caching = new CachingPage(this.#current.get(Caching.code)!);
    this.#control = new ControlPage(this.#current.get(Control.code)!);
  }

  /** The page as octets, or all of them; undefined where there is none of the kind. */
  emit(control: Exclude<PageControl, 3>, code: number, subpage: number): Uint8Array | undefined {
    // No page here has subpages, so all of its subpages are the page itself.
    if (subpage !== 0 && subpage !== ALL_SUBPAGES) return undefined;
    const pages = PAGES.filter((each) => code === ALL_PAGES || each.code === code);
    if (pages.length === 0) return undefined;
    return concatenate(pages.map((each) => this.#values(each, control)));
  }

  #values(each: Page, control: Exclude<PageControl, 3>): Uint8Array {
    if (control === PageControl.CURRENT) return this.#current.get(each.code)!;
    return control === PageControl.CHANGEABLE ? each.changeable : each.defaults;
  }

  /**
   * Looks at the pages of a MODE SELECT, from `at` of the parameter list on, and changes nothing. A
   * field that may not be changed must have its current value.
   */
  check(list: Uint8Array, at: number): Selection {
    const pages = new Map<number, Uint8Array>();
    while (at < list.length) {
      if (at + 2 > list.length) return { fault: inData(at), truncated: true };
      const code = list[at]! & 0x3f;
      const subpageFormat = (list[at]! & 0x40) !== 0;
      const page = PAGES.find((each) => each.code === code);
      if (page === undefined) return { fault: inData(at, 5) };
      if (subpageFormat) return { fault: inData(at, 6) };
      if (list[at + 1] !== page.defaults.length - 2) return { fault: inData(at + 1) };
      const octets = list.slice(at, at + page.defaults.length);
      if (octets.length < page.defaults.length) return { fault: inData(at), truncated: true };
      octets[0] = code; // the PS bit is reserved here, but often left as MODE SENSE gave it
      const wrong = this.#wrong(page, octets);
      if (wrong !== undefined) return { fault: inData(at + wrong.octet, wrong.bit) };
      pages.set(code, octets);
      at += octets.length;
    }
    return { pages };
  }

  /** The first bit that may not be changed and is. */
  #wrong(page: Page, wanted: Uint8Array): { octet: number; bit: number } | undefined {
    const current = this.#current.get(page.code)!;
    for (let octet = 2; octet < wanted.length; octet++) {
      const wrong = (wanted[octet]! ^ current[octet]!) & ~page.changeable[octet]!;
      if (wrong !== 0) return { octet, bit: 31 - Math.clz32(wrong) };
    }
    return undefined;
  }

  /** Takes over pages that `check` found in order; answers whether anything is different now. */
  apply(pages: ReadonlyMap<number, Uint8Array>): boolean {
    let changed = false;
    for (const [code, octets] of pages) {
      const current = this.#current.get(code)!;
      changed ||= octets.some((octet, at) => octet !== current[at]);
      current.set(octets);
    }
    return changed;
  }
}

function inData(octet: number, bit?: number): FieldPointer {
  return bit === undefined ? { in: "data", octet } : { in: "data", octet, bit };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}
