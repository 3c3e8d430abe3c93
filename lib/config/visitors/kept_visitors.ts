/** Who came by, as the service wrote it down the last time that it ran. */
import type { Visitor } from "./visitor.ts";
import type { VisitorSource } from "./visitor_book.ts";
import { readVisitors } from "./visitor_file.ts";
import { VisitorList } from "./visitor_list.ts";

export class KeptVisitors implements VisitorSource {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async visitors(): Promise<readonly Visitor[]> {
    const list = new VisitorList();
    list.load(await readVisitors(this.#path));
    return list.since(new Date());
  }
}
