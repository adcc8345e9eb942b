// Decode a webhook with the published @kinde/webhooks: the token on standard input, the issuer as the argument.
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under another name

const require = createRequire(process.env.FOREIGN_NODE + "/package.json");
const { decodeWebhook } = require("@kinde/webhooks");
const event = await decodeWebhook(readFileSync(0, "utf8"), process.argv[2]);
process.stdout.write(JSON.stringify(event));
