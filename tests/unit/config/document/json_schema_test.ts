import assert from "node:assert/strict";
import { jsonSchemaText } from "../../../../lib/config/document/json_schema.ts";

const COPY = new URL("../../../../sanctl.schema.json", import.meta.url);

Deno.test("jsonSchemaText: the copy in the repository is what export --schema writes", async () => {
  const text = jsonSchemaText();
  if (Deno.env.get("UPDATE_GOLDEN") === "1") await Deno.writeTextFile(COPY, text);
  assert.equal(await Deno.readTextFile(COPY), text);
});

Deno.test("jsonSchemaText: every field says what it is", () => {
  function check(schema: Record<string, unknown>, path: string): void {
    const properties = (schema["properties"] ?? {}) as Record<string, Record<string, unknown>>;
    for (const [name, property] of Object.entries(properties)) {
      assert.match(String(property["description"]), /^[A-Z]/, `${path}.${name}`);
      check(property, `${path}.${name}`);
    }
    const inner = [schema["items"], ...(schema["anyOf"] ?? []) as unknown[]];
    for (const each of inner) if (each !== undefined) check(each as never, path);
  }
  check(JSON.parse(jsonSchemaText()), "");
});
