// Runs the Khronos glTF validator on the files named on the command line and prints one JSON object for each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const validator = require("gltf-validator");

for (const path of process.argv.slice(2)) {
  const report = await validator.validateBytes(new Uint8Array(readFileSync(path)), { maxIssues: 50 });
  console.log(JSON.stringify({ path, errors: report.issues.numErrors, messages: report.issues.messages }));
}
