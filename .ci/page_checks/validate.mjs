// Validates HTML files: node validate.mjs FILE... writes one line a finding and ends with 1 when there are any.
import { readFileSync } from "node:fs";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const rules = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ["html-validate:standard", "html-validate:a11y"],
    rules: {
      // How a page is written, not what it says.
      "doctype-style": "off",
      "no-trailing-whitespace": "off",
      "attribute-boolean-style": "off",
      "attribute-empty-style": "off",
      "void-style": "off",
      "no-inline-style": "error",
      "require-sri": "off",
      // A long title of an advisory is a long title.
      "long-title": "off",
      // Buttons inside a form submit it, which is what they are for.
      "no-implicit-button-type": "off",
      // A list of links may have a name of its own.
      "aria-label-misuse": ["error", { allowAnyNamable: true }],
      // Numbers of devices and versions are no telephone numbers.
      "tel-non-breaking": "off",
      // A list without marks is still read as a list.
      "no-redundant-role": "off",
    },
  }),
);

let n = 0;
for (const file of process.argv.slice(2)) {
  const report = await rules.validateString(readFileSync(file, "utf8"));
  for (const result of report.results)
    for (const message of result.messages) {
      n += 1;
      console.log(`${file}:${message.line}:${message.column}: ${message.ruleId}: ${message.message}`);
    }
}
process.exit(n > 0 ? 1 : 0);
