// recollect for OpenClaw: the memory slot, the tools of the assistant, and `/memory` for people.
// `recollect install openclaw` writes it. It talks to the memory server of this machine and to nothing else.

import { answer } from "./command.js"
import { capture, recall } from "./conversation.js"
import { Server } from "./server.js"
import { tools } from "./tools.js"

const SETTINGS = /* recollect: settings */ { home: "", host: "127.0.0.1", port: 37777 } /* end */

export default {
  id: "recollect",
  name: "recollect",
  description: "Long-term memory from a server of your own",
  kind: "memory",
  register(api) {
    const server = new Server(SETTINGS, api.pluginConfig ?? {})
    for (const tool of tools(server)) api.registerTool(tool, { name: tool.name })
    api.registerCommand({
      name: "memory",
      description: "Remember and recall: add, search, list, delete, status",
      acceptsArgs: true,
      requireAuth: true,
      handler: async (ctx) => ({ text: await answer(server, String(ctx?.args ?? "")) }),
    })
    if (server.config.autoRecall !== false) {
      api.on("before_prompt_build", (event, ctx) => recall(server, event, ctx), { timeoutMs: 5000 })
    }
    if (server.config.autoCapture !== false) {
      api.on("agent_end", (event, ctx) => capture(server, event, ctx, api.logger), { timeoutMs: 20_000 })
    }
  },
}
