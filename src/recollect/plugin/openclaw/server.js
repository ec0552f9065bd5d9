// One request to the memory server of this machine.

import { readFile } from "node:fs/promises"
import { join } from "node:path"

const PATIENCE = 5000
const LOCAL = new Set(["127.0.0.1", "localhost", "::1"])
const ANY = { "0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1" }

export class Unreached extends Error {}

export class Server {
  constructor(settings, config) {
    this.settings = settings
    this.config = config
  }

  get scope() {
    const { userId, projectId } = this.config
    return { ...(userId ? { user_id: userId } : {}), ...(projectId ? { project_id: projectId } : {}) }
  }

  get user() {
    return this.config.userId ?? "default"
  }

  // Returns what the server answers; throws an Error with its message, Unreached when it does not answer.
  async ask(method, path, body, patience = PATIENCE) {
    const at = await this.address()
    const token = await this.slurp("token")
    let answer
    try {
      answer = await fetch(at + path, {
        method,
        headers: {
          Accept: "application/json",
          "Accept-Language": "en",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(patience),
      })
    } catch {
      throw new Unreached("The memory server does not answer. Start it with `recollect serve --background`.")
    }
    const said = await answer.json().catch(() => null)
    if (!answer.ok) throw new Error(said?.error?.message ?? said?.detail ?? `The memory server answered ${answer.status}`)
    return said
  }

  // The server of this machine is the one that has written server.json: only its owner can.
  async address() {
    const { host, port } = this.settings
    if (!LOCAL.has(host)) return `http://${host}:${port}`
    try {
      const found = JSON.parse(await this.slurp("server.json"))
      const named = ANY[found.host] ?? found.host
      return `http://${named.includes(":") ? `[${named}]` : named}:${found.port}`
    } catch {
      throw new Unreached("No memory server runs. Start it with `recollect serve --background`.")
    }
  }

  async slurp(name) {
    try {
      return (await readFile(join(this.settings.home, name), "utf8")).trim()
    } catch {
      return ""
    }
  }
}
