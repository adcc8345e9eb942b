// Read addresses as browsers do (the WHATWG URL Standard): a JSON list on standard input, the base as the argument.
// Prints for each its origin, scheme, host and whether it carries a user, or null where it is no address.
import { readFileSync } from "node:fs";

const base = process.argv[2];
const read = (text) => {
  try {
    const url = new URL(text, base);
    return { origin: url.origin, scheme: url.protocol, host: url.hostname, user: url.username + url.password };
  } catch {
    return null;
  }
};
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
