// Holds OpenAPI documents to the linter's `recommended` rules: node lint.mjs DOCUMENT…

import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({ extends: ["recommended"] });
// A document that cannot be read is reported by its message alone: the whole error carries the document.
const unreadable = ({ message }) => [{ severity: "error", ruleId: "unreadable", message, location: [] }];
let errors = 0;
for (const ref of process.argv.slice(2)) {
  for (const { severity, ruleId, message, location } of await lint({ ref, config }).catch(unreadable)) {
    console.log(`${severity} ${ref} ${location[0]?.pointer ?? ""} ${ruleId}: ${message}`);
    if (severity === "error") errors += 1;
  }
}
process.exit(errors > 0 ? 1 : 0);
