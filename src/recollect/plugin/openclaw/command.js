// `/memory add|search|list|delete|status`, for people.

import { Unreached } from "./server.js"

const SHOWN = 10
const LONGEST = 200
const WHOLE = 36
const USAGE = [
  "/memory add <text> - remember something",
  "/memory search <words> - find what is remembered",
  "/memory list - the latest memories",
  "/memory delete <id> - delete a memory for good",
  "/memory status - how the memory is",
].join("\n")

export async function answer(server, given) {
  const [, verb = "", rest = ""] = given.trim().match(/^(\S+)\s*([\s\S]*)$/) ?? []
  const act = VERBS[verb.toLowerCase()]
  if (!act) return USAGE
  try {
    return await act(server, rest.trim())
  } catch (error) {
    return error.message
  }
}

const VERBS = {
  async add(server, text) {
    if (!text) return "What shall I remember? /memory add <text>"
    const { data } = await server.ask("POST", "/api/memory/add", { content: text, user_id: server.user, ...server.scope })
    return `Remembered (${data.memory_id}): ${cut(data.content)}`
  },

  async search(server, query) {
    if (!query) return "What shall I look for? /memory search <words>"
    const body = { query, limit: SHOWN, user_id: server.user, ...server.scope }
    const { data } = await server.ask("POST", "/api/memory/search", body)
    return data.memories.length ? data.memories.map(line).join("\n") : `Nothing is remembered about "${cut(query)}".`
  },

  async list(server) {
    const { projectId } = server.config
    const query = new URLSearchParams({ limit: String(SHOWN), ...(projectId ? { project_id: projectId } : {}) })
    const { data } = await server.ask("GET", `/api/memory/user/${encodeURIComponent(server.user)}?${query}`)
    return data.memories.length ? data.memories.map(line).join("\n") : "Nothing is remembered yet."
  },

  async delete(server, id) {
    if (id.length !== WHOLE) return "Which one? /memory delete <id>, with the whole id that search and list show"
    await server.ask("DELETE", `/api/memory/memory/${encodeURIComponent(id)}`)
    return `Deleted ${id}`
  },

  async status(server) {
    try {
      const { data } = await server.ask("GET", `/api/memory/stats/${encodeURIComponent(server.user)}`)
      return `The memory server at ${await server.address()} is up. Memories of ${data.user_id}: ${data.total_memories}`
    } catch (error) {
      return error instanceof Unreached ? error.message : `The memory server is up, but: ${error.message}`
    }
  },
}

function line(memory) {
  const day = String(memory.occurred_at ?? memory.created_at ?? "").slice(0, 10)
  return `${memory.id}  ${day}  ${cut(memory.content)}`
}

function cut(text) {
  const flat = text.replace(/\s+/g, " ").trim()
  return flat.length > LONGEST ? `${flat.slice(0, LONGEST - 1)}…` : flat
}
