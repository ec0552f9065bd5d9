// The tools that the assistant is given.

const MOST = 20

export function tools(server) {
  return [
    {
      name: "memory_recall",
      label: "Recall",
      description:
        "Search long-term memory: earlier conversations, preferences, decisions, facts. Use it when the user refers to " +
        "something said before, or when their habits or history matter to the answer.",
      parameters: schema({ query: text("What to look for"), limit: { type: "integer", minimum: 1, maximum: MOST } }, ["query"]),
      execute: (_id, given) => run(() => search(server, given)),
    },
    {
      name: "memory_store",
      label: "Remember",
      description: "Keep something for good: a preference, a decision, a fact the user wants remembered.",
      parameters: schema({ text: text("What to remember, as one complete statement") }, ["text"]),
      execute: (_id, given) => run(() => store(server, given)),
    },
    {
      name: "memory_forget",
      label: "Forget",
      description: "Delete one memory for good, by the id that memory_recall shows. Only when the user asks for it.",
      parameters: schema({ memoryId: text("The id of the memory") }, ["memoryId"]),
      execute: (_id, given) => run(() => forget(server, given)),
    },
  ]
}

async function search(server, { query, limit = 5 }) {
  const body = { query: String(query), limit: Math.min(MOST, Math.max(1, Number(limit) || 5)), user_id: server.user }
  const { data } = await server.ask("POST", "/api/memory/search", { ...body, ...server.scope })
  if (!data.memories.length) return "Nothing is remembered about that."
  return data.memories.map((item) => `- [${item.id}] (${String(item.occurred_at).slice(0, 10)}) ${item.content}`).join("\n")
}

async function store(server, given) {
  const body = { content: String(given.text), user_id: server.user, ...server.scope }
  const { data } = await server.ask("POST", "/api/memory/add", body)
  return `Remembered as ${data.memory_id}.`
}

async function forget(server, { memoryId }) {
  await server.ask("DELETE", `/api/memory/memory/${encodeURIComponent(String(memoryId))}`)
  return `Deleted ${memoryId}.`
}

async function run(work) {
  try {
    return result(await work())
  } catch (error) {
    return { ...result(error.message), isError: true }
  }
}

function result(said) {
  return { content: [{ type: "text", text: said }], details: {} }
}

function text(description) {
  return { type: "string", minLength: 1, description }
}

function schema(properties, required) {
  return { type: "object", additionalProperties: false, properties, required }
}
