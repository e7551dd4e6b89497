// Checks a document that the program wrote: node validate.mjs csaf FILE, node validate.mjs cyclonedx FILE.
// node validate.mjs schema FILE: whether each CSAF document of a list keeps to the schema of its edition, as a list.
// `npm install` in this folder brings the validators; nothing of them is part of the program.
import { readFileSync } from 'node:fs'
const [kind, file] = process.argv.slice(2)
const doc = JSON.parse(readFileSync(file, 'utf8'))
if (kind === 'csaf') {
  const validate = (await import('@secvisogram/csaf-validator-lib/validate.js')).default
  const schema = await import('@secvisogram/csaf-validator-lib/schemaTests.js')
  const mandatory = await import('@secvisogram/csaf-validator-lib/mandatoryTests.js')
  const tests = [schema.csaf_2_0_strict ?? schema.csaf_2_0, ...Object.values(mandatory)]
  const result = await validate(tests, doc)
  for (const t of result.tests) if (!t.isValid) console.log(t.name, JSON.stringify(t.errors.slice(0, 5)))
  console.log(result.isValid ? 'valid' : 'invalid', tests.length, 'tests')
  process.exit(result.isValid ? 0 : 1)
} else if (kind === 'schema') {
  const { csaf_2_0 } = await import('@secvisogram/csaf-validator-lib/schemaTests.js')
  const { csaf_2_1 } = await import('@secvisogram/csaf-validator-lib/csaf_2_1/schemaTests.js')
  const is21 = (d) => d.$schema !== undefined || d.document?.csaf_version === '2.1'
  console.log(JSON.stringify(doc.map((d) => (is21(d) ? csaf_2_1 : csaf_2_0)(d).isValid)))
} else {
  const { Validation, Spec } = await import('@cyclonedx/cyclonedx-library')
  const v = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
  const errors = await v.validate(readFileSync(file, 'utf8'))
  if (errors) { console.log(JSON.stringify(errors).slice(0, 2000)); process.exit(1) }
  console.log('valid')
}
