/** The file of secrets: its user's alone, and apart from the state, which people read and copy. */
import { z } from "zod";
import { ChapSecret } from "../iscsi/chap/secret.ts";
import type { ControlError } from "./control_error.ts";
import { PrivateYamlFile } from "./private_yaml_file.ts";
import { SecretReference } from "./schema.ts";
import { NO_SECRETS, type SecretBook } from "./secret_book.ts";
import { fileNameOf } from "../runtime/path.ts";
import { secretFile } from "./state_directory.ts";

const Content = z.strictObject({
  version: z.literal(1),
  secrets: z.record(SecretReference, z.string()),
});

export interface SecretFileOptions {
  readonly directory: string;
  /** The file that refers to the secrets. */
  readonly referringFile: string;
  /** Where it is too large, what makes it smaller. */
  readonly remedy: string;
  /** What is to be taken out of the referring file where secrets are missing. */
  readonly uses: string;
}

export class SecretFile {
  readonly #options: SecretFileOptions;
  readonly #file: PrivateYamlFile;

  constructor(options: SecretFileOptions) {
    const name = fileNameOf(options.referringFile);
    this.#options = options;
    this.#file = new PrivateYamlFile({
      path: secretFile(options.directory),
      kind: "file of secrets",
      heading: `# Secrets that ${name} refers to. Whoever can read this file can log in.\n`,
      remedy: options.remedy,
      isSecret: true,
    });
  }

  /** Its secrets; none where there is no file. */
  async load(): Promise<SecretBook> {
    const data = await this.#file.read();
    if (data === undefined) return NO_SECRETS;
    const result = Content.safeParse(data);
    // What is wrong could be a secret: it is not repeated.
    if (!result.success) throw this.#file.unusable("it does not hold what sanctl wrote");
    const entries = Object.entries(result.data.secrets);
    return new Map(entries.map(([reference, text]) => [reference, new ChapSecret(text)]));
  }

  async save(secrets: SecretBook): Promise<void> {
    const entries = [...secrets].map(([reference, secret]) => [reference, secret.reveal().text]);
    await this.#file.write({ version: 1, secrets: Object.fromEntries(entries) });
  }

  /** Why what is in the file does not go with the state. */
  misfit(why: string): ControlError {
    const { referringFile, uses } = this.#options;
    const nextStep = `put back the one that goes with ${fileNameOf(referringFile)}, or take ` +
      `${uses} out of that and set them anew`;
    return this.#file.unusable(why, undefined, nextStep);
  }
}
