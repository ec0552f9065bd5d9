// The documented round of Mem0's JavaScript client against a server, told as JSON: node round.mjs PACKAGE URL KEY.
// Mem0's telemetry is off (MEM0_TELEMETRY=false), and a request to anything but that server fails and is told.

const [, , packagePath, host, apiKey] = process.argv;
const USER = "al/ice b?#%2F 猫";
const DIALOGUE = [
  { role: "user", content: "I am vegetarian and allergic to peanuts.", name: "Alice" },
  { role: "assistant", content: "Noted: no meat, no peanuts." },
];

const tried = [];
const send = globalThis.fetch;
globalThis.fetch = (url, options) => {
  if (!String(url).startsWith(`${host}/`)) {
    tried.push(String(url));
    throw new Error(`${url} is not that server`);
  }
  return send(url, options);
};

const { MemoryClient } = await import(packagePath);
const client = new MemoryClient({ apiKey, host });
const told = {};

async function tell(name, call, { raises = false } = {}) {
  try {
    told[name] = await call();
  } catch (error) {
    if (!raises) throw new Error(`${name}: ${error.message}`);
    told[name] = { raised: error.name, text: error.message };
  }
  return told[name];
}

async function succeeded(eventId) {
  const headers = { Authorization: `Token ${apiKey}` };
  for (let turn = 0; turn < 500; turn += 1) {
    const event = await (await fetch(`${host}/v1/event/${eventId}/`, { headers })).json();
    if (event.status !== "PENDING") return event;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`${eventId} is still pending`);
}

async function remembering() {
  await client.initialized;
  told.identity = [client.organizationId, client.projectId];
  const added = await tell("add", () =>
    client.add(DIALOGUE, { userId: USER, runId: "r/1", appId: "shop", metadata: { food_topic: "diet" } }));
  await tell("event", () => succeeded(added.eventId));
  await tell("verbatim", () =>
    client.add("The flat has a red door", { userId: USER, agentId: "bot", infer: false }));
  await tell("search", () => client.search("peanuts allergy", { filters: { user_id: USER }, topK: 3 }));
  const filters = { AND: [{ user_id: USER }, { keywords: { icontains: "RED" } }] };
  await tell("narrow", () => client.search("door", { filters }));
  await tell("all", () => client.getAll({ filters: { user_id: USER } }));
  await tell("page", () => client.getAll({ filters: { user_id: USER }, page: 2, pageSize: 2 }));
  await tell("loose", () => client.search("x", { filters: { categories: { in: ["a"] } } }), { raises: true });
  await tell("toplevel", () => client.search("x", { userId: USER }), { raises: true });
}

async function tending() {
  const { id } = told.verbatim.results[0];
  await tell("get", () => client.get(id));
  await tell("update", () => client.update(id, { text: "The flat has a blue door", metadata: { room_name: "hall" } }));
  await tell("expire", () => client.update(id, { expirationDate: "2026-12-31" }));
  await tell("feedback", () => client.feedback({ memoryId: id, feedback: "POSITIVE", feedbackReason: "right" }));
  await tell("history", () => client.history(id));
  const ids = told.all.results.map((one) => one.id);
  await tell("batchUpdate", () => client.batchUpdate(ids.slice(0, 2).map((one) => ({ memoryId: one, text: `Again: ${one}` }))));
  await tell("batchDelete", () => client.batchDelete([ids[1]]));
  await tell("delete", () => client.delete(id, { deleteLinked: true }));
  await tell("gone", () => client.get(id), { raises: true });
}

async function lookingAround() {
  await tell("users", () => client.users({ page: 1, pageSize: 50 }));
  const ordered = await tell("export", () =>
    client.createMemoryExport({ schema: { type: "object" }, filters: { user_id: USER } }));
  await tell("exported", () => client.getMemoryExport({ memoryExportId: ordered.id }));
  await tell("project", () => client.getProject({ fields: ["custom_instructions"] }));
  await tell("projectKept", () => client.updateProject({ multilingual: true }));
  await tell("projectTold", () => client.updateProject({ customInstructions: "Only food" }), { raises: true });
  await tell("webhooks", () => client.getWebhooks());
  await tell("webhook", () => client.createWebhook({ name: "n", url: `${host}/`, eventTypes: ["memory_add"] }), { raises: true });
  await tell("profile", () => client.getProfile({ entityId: USER }));
  await tell("profileMade", () => client.generateProfile({ entityId: USER }), { raises: true });
  await tell("profileSettings", () => client.getProfileSettings());
}

async function forgetting() {
  await tell("nobody", () => client.deleteAll({}), { raises: true });
  await tell("other", () => client.add("Bo keeps bees", { userId: "bo" }));
  await tell("deleteAll", () => client.deleteAll({ userId: USER }));
  await tell("left", () => client.getAll({ filters: { OR: [{ user_id: USER }, { user_id: "bo" }] } }));
  await tell("run", () => client.add("Cy likes cider", { userId: "cy", runId: "x y" }));
  await tell("deleteRun", () => client.deleteUsers({ runId: "x y" }));
  await tell("old", () => client.add("Di digs", { userId: "di" }));
  await tell("deleteOld", () => client.deleteUser({ entity_type: "user", entity_id: "di" }));
  await tell("then", () => client.users());
  await tell("deleteUsers", () => client.deleteUsers());
  await tell("after", () => client.users());
}

for (const part of [remembering, tending, lookingAround, forgetting]) await part();
told.tried = tried;
console.log(JSON.stringify(told));
