import assert from "node:assert/strict";
import { rootProblems } from "../../../scripts/check_root.ts";

Deno.test("rootProblems: a file that some run left at the top is named, once for a folder", () => {
  assert.deepEqual(rootProblems(["README.md", "lib/-", "tests/unit/a.ts"]), []);
  const strays = rootProblems(["-", "README.md", "left/a", "left/b"]);
  assert.deepEqual(strays.map((problem) => problem.split(":")[0]), ["-", "left"]);
});
