// What is said in a conversation comes in; what is remembered about a message goes out.

import { createHash } from "node:crypto"

const BUDGET = 800 // tokens
const PATIENCE = 3000 // milliseconds that a reply may wait for its memories
const LATEST = 40 // messages of a run that are looked at; those that are known are not kept twice
const ROLES = new Set(["user", "assistant"])

// Returns what OpenClaw puts before the prompt, nothing when nothing is remembered or the server is away.
export async function recall(server, event) {
  const query = text(event?.prompt)
  if (!query) return undefined
  try {
    const body = { query: query.slice(0, 4000), budget: BUDGET, user_id: server.user, ...server.scope }
    const found = await server.ask("POST", "/api/context", body, PATIENCE)
    if (!found.memories.length) return undefined
    return { prependContext: `<recollect-context>\n${found.text}\n</recollect-context>` }
  } catch {
    return undefined
  }
}

// Keeps what was said in a run that came to its end.
export async function capture(server, event, ctx, logger) {
  const conversation = ctx?.sessionId ?? ctx?.sessionKey ?? event?.sessionId
  if (!conversation || !Array.isArray(event?.messages)) return
  const turns = event.messages.slice(-LATEST).map(turn).filter(Boolean)
  if (!turns.length) return
  const agent = ctx?.agentId ? { agent_id: String(ctx.agentId) } : {}
  const body = { turns, conversation_id: String(conversation).slice(0, 256), source: "openclaw", ...agent, ...server.scope }
  try {
    await server.ask("POST", "/api/capture", body)
  } catch (error) {
    logger?.warn?.(`recollect: not captured: ${error.message}`)
  }
}

function turn(message) {
  const content = said(text(message?.content))
  if (!ROLES.has(message?.role) || !content) return null
  const moment = Number.isFinite(message.timestamp) ? new Date(message.timestamp).toISOString() : null
  const id = message.id ?? digest(`${message.role}\0${moment ?? ""}\0${content}`)
  return { role: message.role, content, message_id: String(id), ...(moment ? { occurred_at: moment } : {}) }
}

// What we put before the prompt ourselves is not remembered again.
function said(content) {
  return content.replace(/<recollect-context>[\s\S]*?<\/recollect-context>\s*/g, "").trim()
}

function text(content) {
  if (typeof content === "string") return content.trim()
  if (!Array.isArray(content)) return ""
  return content
    .filter((part) => part?.type === "text" && typeof part.text === "string")
    .map((part) => part.text)
    .join("\n")
    .trim()
}

function digest(value) {
  return createHash("sha256").update(value).digest("hex").slice(0, 32)
}
