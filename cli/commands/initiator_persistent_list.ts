import type { Context } from "../context.ts";
import { persistentColumns } from "../initiator_columns.ts";

export default async function (this: Context): Promise<void> {
  const control = await this.initiator();
  const none = "no persistent login; sanctl initiator login TARGET --persistent makes one";
  this.output.list(await control.listPersistent(), persistentColumns, none);
}
