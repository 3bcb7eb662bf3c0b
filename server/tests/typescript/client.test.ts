// The exported client calls real actions of a real database.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";

import { ActionError, createClient, UnexpectedResponse, type Client, type Events, type Input } from "./exported/index.js";

const given = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const CLIENT = given("CLIENT");
const TYPE = given("TYPE");

const baseUrl = given("BASE_URL");
const client: Client = createClient({
  baseUrl: `${baseUrl}/`,
  headers: { Authorization: `Bearer ${given("NADIA_TOKEN")}` },
});

const followUp: Input<"crm.schedule_activity@1"> = {
  client_id: "",
  type_id: "",
  title: "Größe & “Fähigkeiten” 🎉",
  start_time: "2027-01-12T10:00:00+01:00",
};

test("answers have the types of their outputs", async () => {
  const { output, meta } = await client.call("crm.find_activities@1", { client_id: CLIENT, limit: 200 });
  assert.equal(output.activities.length, output.count);
  const title: string | null | undefined = output.activities[0]?.title;
  assert.equal(typeof title, "string");
  assert.equal(meta.action, "crm.find_activities");
  assert.equal(meta.deduplicated, null);
});

test("a repeated call has its effect once", async () => {
  const input = { ...followUp, client_id: CLIENT, type_id: TYPE };
  const first = await client.call("crm.schedule_activity@1", input, { idempotencyKey: "a key of my own" });
  const again = await client.call("crm.schedule_activity@1", input, { idempotencyKey: "a key of my own" });
  assert.deepEqual(again.output, first.output);
  assert.equal(again.meta.deduplicated?.invocation_id, first.meta.invocation_id);
  assert.deepEqual(first.meta.effects.map((effect) => effect.name satisfies string), ["INTERACTION_LOGGED" satisfies keyof Events]);
});

test("a dry run changes nothing", async () => {
  const count = async () => (await client.call("crm.find_activities@1", { client_id: CLIENT, limit: 200 })).output.count;
  const before = await count();
  const { meta } = await client.call("crm.schedule_activity@1", { ...followUp, client_id: CLIENT, type_id: TYPE }, { dryRun: true });
  assert.ok(meta.dry_run);
  assert.equal(await count(), before);
});

test("what is refused says why", async () => {
  const refused = client.call("crm.schedule_activity@1", { ...followUp, client_id: "nobody", type_id: TYPE });
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof ActionError);
    assert.equal(error.name, "ActionError");
    assert.equal(error.code, "VALIDATION_ERROR");
    assert.equal(error.status, 400);
    assert.equal(error.isTransient, false);
    assert.match(JSON.stringify(error.details), /client_id/);
    return true;
  });
  const denied = createClient({ baseUrl, headers: async () => ({ Authorization: `Bearer ${given("PRIYA_TOKEN")}` }) });
  const call = denied.call("crm.schedule_activity@1", { ...followUp, client_id: CLIENT, type_id: TYPE });
  await assert.rejects(call, { code: "PERMISSION_DENIED", category: "ActionError", status: 403 });
});

test("whoever is not known is told so", async () => {
  const unknown = createClient({ baseUrl }).call("crm.find_activities@1", {});
  await assert.rejects(unknown, { code: "PERMISSION_DENIED", category: "ActionError", status: 401 });
});

test("an answer of something else is told from one of an action", async () => {
  const odd = (body: string) => createClient({ baseUrl, fetch: async () => new Response(body) });
  for (const body of ["", "null", "[]", "{}", '{"output":{}}', '{"error":{}}', "<html>"]) {
    await assert.rejects(odd(body).call("crm.find_activities@1", {}), UnexpectedResponse, body);
  }
});

test("the server describes itself as OpenAPI", async () => {
  const headers = { Authorization: `Bearer ${given("NADIA_TOKEN")}` };
  const response = await fetch(`${baseUrl}/api/v1/openapi.json`, { headers });
  const document = (await response.json()) as { paths: Record<string, unknown> };
  assert.ok(document.paths["/api/v1/actions/crm.send_quote/1"]);
  const validator = new Validator();
  const result = await validator.validate(document);
  assert.ok(result.valid, JSON.stringify(result.errors, null, 2));
});

test("a call can be given up", async () => {
  const call = client.call("crm.find_activities@1", {}, { signal: AbortSignal.abort() });
  await assert.rejects(call, { name: "AbortError" });
});

// What must not compile. Never called.
export async function mistakes(): Promise<void> {
  // @ts-expect-error: there is no such action
  await client.call("crm.find_activity@1", {});
  // @ts-expect-error: there is no such version
  await client.call("crm.find_activities@2", {});
  // @ts-expect-error: there is no such field
  await client.call("crm.find_activities@1", { client: CLIENT });
  // @ts-expect-error: the limit is a number
  await client.call("crm.find_activities@1", { limit: "10" });
  // @ts-expect-error: a field is missing
  await client.call("crm.schedule_activity@1", { client_id: CLIENT, type_id: TYPE, start_time: "2027-01-12" });
  // @ts-expect-error: enums of inputs are closed
  await client.call("crm.find_activities@1", { on_empty: "ignore" });
  // @ts-expect-error: the output has no such field
  (await client.call("crm.find_activities@1", {})).output.total;
}
