/** The project's own rules of style, for `deno lint`. */

/**
 * `const f = () => …` at the top of a file: a function declaration says so. One that is given a
 * type may.
 */
const topLevelFunctions: Deno.lint.Rule = {
  create(context) {
    function check(declaration: Deno.lint.VariableDeclaration): void {
      for (const { id, init } of declaration.declarations) {
        if (id.type === "Identifier" && id.typeAnnotation !== undefined) continue;
        if (init?.type !== "ArrowFunctionExpression" && init?.type !== "FunctionExpression") {
          continue;
        }
        context.report({
          node: init,
          message: "A function at the top of a file is declared with `function`",
        });
      }
    }

    return {
      "Program > VariableDeclaration": check,
      "Program > ExportNamedDeclaration > VariableDeclaration": check,
    };
  },
};

/** `private` is gone when the program runs; `#name` is not. Constructors and static members too. */
const hashPrivate: Deno.lint.Rule = {
  create(context) {
    function check(node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition): void {
      // A constructor can be private in no other way.
      if (node.accessibility !== "private") return;
      if (node.type === "MethodDefinition" && node.kind === "constructor") return;
      context.report({ node, message: "A private member is named with `#`" });
    }

    return {
      PropertyDefinition: check,
      MethodDefinition: check,
      TSParameterProperty(node) {
        if (node.accessibility !== "private") return;
        context.report({ node, message: "A private member is named with `#`" });
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "sanctl",
  rules: { "top-level-functions": topLevelFunctions, "hash-private": hashPrivate },
};

export default plugin;
