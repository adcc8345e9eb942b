// Drives Stripe's client for Node.js, unmodified, over everything that is about meters but the stream, whose host it
// does not let anybody choose. Reads a line of JSON with `host`, `port` and `key`, and prints what it has found.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.env.FOREIGN_NODE + "/package.json");
const Stripe = require("stripe");
const task = JSON.parse(readFileSync(0, "utf8"));
const stripe = new Stripe(task.key, { host: task.host, port: task.port, protocol: "http", maxNetworkRetries: 0 });
const customer = (await stripe.customers.create({ name: "Ada" })).id;
const meter = await stripe.billing.meters.create({
  display_name: "Requests",
  event_name: "node_requests",
  default_aggregation: { formula: "sum" },
});
const event = (value, more = {}) => ({
  event_name: "node_requests",
  payload: { stripe_customer_id: customer, value },
  ...more,
});
await stripe.billing.meterEvents.create(event("3"));
const second = await stripe.v2.billing.meterEvents.create(event("4", { identifier: "node-1" }));
await stripe.v2.billing.meterEvents.create(event("50", { identifier: "node-2" }));
const adjusted = await stripe.v2.billing.meterEventAdjustments.create({
  event_name: "node_requests",
  type: "cancel",
  cancel: { identifier: "node-2" },
});
const session = await stripe.v2.billing.meterEventSession.create();
const hour = Math.floor(Date.now() / 3_600_000) * 3_600;
const values = [];
for await (const one of stripe.billing.meters.listEventSummaries(meter.id, {
  customer,
  start_time: hour - 86_400,
  end_time: hour + 7_200,
  value_grouping_window: "hour",
})) {
  values.push(one.aggregated_value);
}
const repeated = await stripe.v2.billing.meterEvents.create(event("4", { identifier: "node-1" })).catch((error) => [
  error.code,
  error.statusCode,
]);
const gone = await stripe.billing.meters.deactivate(meter.id);
process.stdout.write(
  JSON.stringify({
    identifier: second.identifier,
    adjusted: adjusted.status,
    session: session.object,
    hours: [values.length, values.reduce((sum, value) => sum + value, 0)],
    repeated,
    gone: gone.status,
  }),
);
