// Drives Stripe's client for Node.js, unmodified, over events: it listens, and reads what arrives. Reads a line of JSON
// with `host`, `port` and `key`, and prints what it has found.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(process.env.FOREIGN_NODE + "/package.json");
const Stripe = require("stripe");
const task = JSON.parse(readFileSync(0, "utf8"));
const stripe = new Stripe(task.key, { host: task.host, port: task.port, protocol: "http", maxNetworkRetries: 0 });
const arrived = [];
const waiting = [];
const next = () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((done) => waiting.push(done)));
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const one = { body, signature: request.headers["stripe-signature"] };
    waiting.length ? waiting.shift()(one) : arrived.push(one);
    response.end();
  });
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}/hook`;
const endpoint = await stripe.webhookEndpoints.create({ url, enabled_events: ["customer.created"] });
const customer = await stripe.customers.create({ name: "Ada" });
const first = await next();
const event = stripe.webhooks.constructEvent(first.body, first.signature, endpoint.secret);
const destination = await stripe.v2.core.eventDestinations.create({
  name: "Node",
  type: "webhook_endpoint",
  event_payload: "thin",
  enabled_events: ["v2.billing.licensed_item.created"],
  webhook_endpoint: { url },
  include: ["webhook_endpoint.signing_secret"],
});
const item = await stripe.v2.billing.licensedItems.create({ display_name: "Seat" });
const second = await next();
const note = stripe.parseEventNotification(second.body, second.signature, destination.webhook_endpoint.signing_secret);
const related = await note.fetchRelatedObject();
const whole = await stripe.v2.core.events.retrieve(note.id);
let forged = "accepted";
try {
  stripe.webhooks.constructEvent(first.body + " ", first.signature, endpoint.secret);
} catch (error) {
  forged = error.type;
}
server.close();
server.closeAllConnections();
process.stdout.write(
  JSON.stringify({
    snapshot: [event.type, event.data.object.id === customer.id],
    thin: [note.type, note.related_object.id === item.id, related.id === item.id, whole.id === note.id],
    forged,
  }),
);
