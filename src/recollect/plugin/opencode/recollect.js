// recollect for OpenCode: hands prompts, tool calls and answers to the memory server of this machine, and tells the
// assistant what is remembered. `recollect install opencode` writes it, `recollect uninstall opencode` removes it.
// It never holds up OpenCode and never fails it: without a server nothing happens.

import { readFile } from "node:fs/promises"
import { join } from "node:path"

const SETTINGS = /* recollect: settings */ { home: "", host: "127.0.0.1", port: 37777 } /* end */
const ACKNOWLEDGED = 1000 // milliseconds that a server has to take what nobody waits for
const ANSWERED = 1500 // milliseconds that an answer is waited for
const LONGEST = 200_000 // characters of a tool's output that are handed on
const MOST_SESSIONS = 200

const LOCAL = new Set(["127.0.0.1", "localhost", "::1"])

async function slurp(name) {
  try {
    return (await readFile(join(SETTINGS.home, name), "utf8")).trim()
  } catch {
    return ""
  }
}

// The server of this machine is the one that has written server.json: only its owner can.
async function address() {
  if (!LOCAL.has(SETTINGS.host)) return `http://${SETTINGS.host}:${SETTINGS.port}`
  try {
    const { host, port } = JSON.parse(await slurp("server.json"))
    const named = { "0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1" }[host] ?? host
    return `http://${named.includes(":") ? `[${named}]` : named}:${port}`
  } catch {
    return null
  }
}

async function tell(event, payload, patience = ACKNOWLEDGED) {
  try {
    const at = await address()
    if (!at) return ""
    const token = await slurp("token")
    const sent = { event_id: crypto.randomUUID(), sent_at: new Date().toISOString(), payload }
    const answer = await fetch(`${at}/api/hooks/opencode?event=${event}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Recollect-Hook": event,
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(sent),
      signal: AbortSignal.timeout(patience),
    })
    const said = answer.ok ? await answer.json() : null
    return said?.output?.hookSpecificOutput?.additionalContext ?? ""
  } catch {
    return ""
  }
}

function spoken(parts) {
  return (parts ?? [])
    .filter((part) => part.type === "text" && !part.synthetic && !part.ignored)
    .map((part) => part.text)
    .join("\n")
    .trim()
}

export const Recollect = async ({ directory, client }) => {
  const briefings = new Map() // what a session is told with every request of its own, by session
  const prompts = new Map() // the message that a session is answering
  const children = new Set() // sessions of subagents: the main session tells what came of them
  const cwd = directory

  function keep(map, key, value) {
    map.delete(key)
    map.set(key, value)
    if (map.size > MOST_SESSIONS) map.delete(map.keys().next().value)
  }

  async function begun(session) {
    if (briefings.has(session)) return
    keep(briefings, session, { start: "", prompt: "" })
    const payload = { session_id: session, cwd, source: "startup" }
    const start = await tell("SessionStart", payload, ANSWERED)
    const held = briefings.get(session)
    if (held) held.start = start
  }

  async function answered(session) {
    const found = await client.session.messages({ path: { id: session } })
    const last = (found.data ?? []).filter((message) => message.info.role === "assistant").pop()
    const text = spoken(last?.parts)
    if (!text) return
    const prompt = prompts.get(session) ?? last.info.id
    await tell("Stop", { session_id: session, cwd, prompt_id: prompt, last_assistant_message: text })
  }

  const quietly = (work) =>
    async (...given) => {
      try {
        await work(...given)
      } catch {
        // a memory's troubles are not OpenCode's
      }
    }

  return {
    "chat.message": quietly(async (input, output) => {
      const session = input.sessionID
      const prompt = spoken(output.parts)
      if (children.has(session) || !prompt) return
      await begun(session)
      const id = output.message?.id ?? input.messageID
      keep(prompts, session, id)
      const held = briefings.get(session)
      const payload = { session_id: session, cwd, prompt, prompt_id: id }
      const context = await tell("UserPromptSubmit", payload, ANSWERED)
      if (held) held.prompt = context
    }),

    "experimental.chat.system.transform": quietly(async (input, output) => {
      const held = briefings.get(input?.sessionID)
      if (!held || !Array.isArray(output?.system)) return
      for (const text of [held.start, held.prompt]) if (text) output.system.push(text)
    }),

    "tool.execute.after": quietly(async (input, output) => {
      if (children.has(input.sessionID)) return
      void tell("PostToolUse", {
        session_id: input.sessionID,
        cwd,
        prompt_id: prompts.get(input.sessionID),
        tool_name: input.tool,
        tool_input: input.args ?? {},
        tool_use_id: input.callID,
        tool_response: String(output?.output ?? "").slice(0, LONGEST),
      })
    }),

    event: quietly(async ({ event }) => {
      const given = event.properties ?? {}
      if (event.type === "session.created" && given.info?.parentID) children.add(given.info.id)
      else if (event.type === "session.deleted") {
        children.delete(given.info?.id)
        briefings.delete(given.info?.id)
        prompts.delete(given.info?.id)
      } else if (event.type === "session.idle" && !children.has(given.sessionID)) await answered(given.sessionID)
      else if (event.type === "session.compacted" && briefings.has(given.sessionID)) {
        const payload = { session_id: given.sessionID, cwd, source: "compact" }
        briefings.get(given.sessionID).start = await tell("SessionStart", payload, ANSWERED)
      }
    }),
  }
}
