/**
 * A wire structure is a table: one row a field, its offset stated once. From the table come a
 * movable view (assign `view` and `base`, then use the fields as properties), and, through
 * `fields`, hex dumps and round-trip tests. Every number is big-endian, as in all the standards
 * obeyed here.
 */

/** Reads and writes one field of a structure that starts at `base`. */
export interface Field<T = number> {
  /** Offset of the first octet from the structure's start. */
  readonly at: number;
  /** Octets that the field touches. */
  readonly length: number;
  /** For fields narrower than their octets: which bits of the octet at `at` are the field's. */
  readonly mask?: number;
  get(view: DataView, base: number): T;
  set(view: DataView, base: number, value: T): void;
}

// deno-lint-ignore no-explicit-any -- a table holds fields of any type; each row keeps its own
export type Fields = Readonly<Record<string, Field<any>>>;

/** A movable window on octets, with the table's fields as properties. */
export type View<F extends Fields> =
  & { view: DataView; base: number }
  & { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/**
 * The class that `layout` makes: its instances are views; `length` is the structure's in octets.
 */
export interface Layout<F extends Fields> {
  new (octets?: Uint8Array, base?: number): View<F>;
  readonly length: number;
  readonly fields: F;
}

const NOTHING = new DataView(new ArrayBuffer(0));

/** Makes the view class of a structure `length` octets long. */
export function layout<F extends Fields>(length: number, fields: F): Layout<F> {
  class Structure {
    static readonly length = length;
    static readonly fields = fields;
    view: DataView;
    base: number;

    constructor(octets?: Uint8Array, base = 0) {
      this.view = octets === undefined
        ? NOTHING
        : new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
      this.base = base;
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    Object.defineProperty(Structure.prototype, name, {
      get(this: Structure) {
        return field.get(this.view, this.base);
      },
      set(this: Structure, value: unknown) {
        field.set(this.view, this.base, value);
      },
      enumerable: true,
    });
  }
  return Structure as unknown as Layout<F>;
}

/** One octet. */
export function u8(at: number): Field {
  return {
    at,
    length: 1,
    get: (view, base) => view.getUint8(base + at),
    set: (view, base, value) => view.setUint8(base + at, value),
  };
}

/** Two octets. */
export function u16(at: number): Field {
  return {
    at,
    length: 2,
    get: (view, base) => view.getUint16(base + at),
    set: (view, base, value) => view.setUint16(base + at, value),
  };
}

/** Three octets. */
export function u24(at: number): Field {
  return {
    at,
    length: 3,
    get: (view, base) => (view.getUint16(base + at) << 8) | view.getUint8(base + at + 2),
    set: (view, base, value) => {
      view.setUint16(base + at, value >>> 8);
      view.setUint8(base + at + 2, value & 0xff);
    },
  };
}

/** Four octets. */
export function u32(at: number): Field {
  return {
    at,
    length: 4,
    get: (view, base) => view.getUint32(base + at),
    set: (view, base, value) => view.setUint32(base + at, value),
  };
}

/**
 * Eight octets as a Number. What lies above 2^53 is rounded, so use it only for what is compared
 * with a capacity first: an address that large stays out of range after rounding.
 */
export function u64(at: number): Field {
  return {
    at,
    length: 8,
    get: (view, base) => view.getUint32(base + at) * 0x1_0000_0000 + view.getUint32(base + at + 4),
    set: (view, base, value) => {
      view.setUint32(base + at, Math.floor(value / 0x1_0000_0000));
      view.setUint32(base + at + 4, value % 0x1_0000_0000);
    },
  };
}

/** The bits of one octet that `mask` (contiguous) selects, shifted down. */
export function bits(at: number, mask: number): Field {
  const shift = 31 - Math.clz32(mask & -mask);
  return {
    at,
    length: 1,
    mask,
    get: (view, base) => (view.getUint8(base + at) & mask) >>> shift,
    set: (view, base, value) => {
      const others = view.getUint8(base + at) & ~mask;
      view.setUint8(base + at, others | ((value << shift) & mask));
    },
  };
}

/** One bit of one octet; bit 7 is the most significant, as the standards draw it. */
export function flag(at: number, bit: number): Field<boolean> {
  const mask = 1 << bit;
  return {
    at,
    length: 1,
    mask,
    get: (view, base) => (view.getUint8(base + at) & mask) !== 0,
    set: (view, base, value) => {
      const octet = view.getUint8(base + at);
      view.setUint8(base + at, value ? octet | mask : octet & ~mask);
    },
  };
}

/** A run of octets: read as a window on the buffer, written by copying in and zeroing the rest. */
export function bytes(at: number, length: number): Field<Uint8Array> {
  const window = (view: DataView, base: number) =>
    new Uint8Array(view.buffer, view.byteOffset + base + at, length);
  return {
    at,
    length,
    get: window,
    set: (view, base, value) => {
      const target = window(view, base);
      target.fill(0);
      target.set(value.subarray(0, length));
    },
  };
}

/** Text of one octet a character, padded at its end with blanks (SPC-4 4.3.1) or another octet. */
export function ascii(at: number, length: number, pad = 0x20): Field<string> {
  return {
    at,
    length,
    get: (view, base) => {
      let text = "";
      for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(base + at + i));
      return text;
    },
    set: (view, base, value) => {
      for (let i = 0; i < length; i++) {
        view.setUint8(base + at + i, i < value.length ? value.charCodeAt(i) & 0x7f : pad);
      }
    },
  };
}
