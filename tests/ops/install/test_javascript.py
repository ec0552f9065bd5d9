"""The plugins for OpenClaw and OpenCode, run by Node against a server."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.ops.install.conftest import Run

from recollect.ops.install.machine import Machine
from recollect.ops.install.shipped import texts

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed")

OPENCLAW = """
import plugin from "./index.js"
const commands = {}, hooks = {}, tools = {}
plugin.register({
  pluginConfig: {}, logger: console,
  registerCommand: (command) => { commands[command.name] = command },
  registerTool: (tool) => { tools[tool.name] = tool },
  on: (name, handler) => { hooks[name] = handler },
})
const say = async (args) => (await commands.memory.handler({ args })).text
const said = []
for (const line of JSON.parse(process.argv[2])) said.push(await say(line))
const messages = [
  { role: "user", timestamp: 1777626000000,
    content: "<recollect-context>\\nold\\n</recollect-context>\\nMy boat is called Petrel." },
  { role: "assistant", timestamp: 1777626001000,
    content: [{ type: "text", text: "A fine name." }, { type: "toolCall" }] },
  { role: "toolResult", content: "nothing" },
]
await hooks.agent_end?.({ messages, success: true }, { sessionId: "s-1", agentId: "main" })
await hooks.agent_end?.({ messages, success: true }, { sessionId: "s-1", agentId: "main" })
const recalled = await hooks.before_prompt_build({ prompt: "what is my boat called?", messages: [] }, {})
const kept = await tools.memory_store.execute("1", { text: "Bo sails on Sundays" })
const found = await tools.memory_recall.execute("2", { query: "when does Bo sail", limit: 1 })
const lost = await tools.memory_forget.execute("3", { memoryId: "no-such-memory" })
console.log(JSON.stringify({ said, recalled: recalled ?? null, kept, found, lost, tools: Object.keys(tools) }))
"""

OPENCODE = """
import { Recollect } from "./recollect.js"
const messages = async () => ({ data: [
  { info: { role: "assistant", id: "a-1" }, parts: [{ type: "text", text: "It is in auth.py." }] } ] })
const hooks = await Recollect({ directory: "/home/mei/lantern", client: { session: { messages } } })
const parts = [{ type: "text", text: "where is the bug?" }, { type: "text", text: "machine", synthetic: true }]
await hooks["chat.message"]({ sessionID: "s-1", messageID: "m-1" }, { message: { id: "m-1" }, parts })
const output = { system: ["you are"] }
await hooks["experimental.chat.system.transform"]({ sessionID: "s-1" }, output)
const ran = { title: "", output: "x".repeat(300000) }
await hooks["tool.execute.after"]({ tool: "bash", sessionID: "s-1", callID: "c-1", args: { command: "ls" } }, ran)
await hooks.event({ event: { type: "session.created", properties: { info: { id: "s-2", parentID: "s-1" } } } })
await hooks["chat.message"]({ sessionID: "s-2" }, { message: { id: "m-2" }, parts })
await hooks.event({ event: { type: "session.idle", properties: { sessionID: "s-1" } } })
await hooks["chat.message"](undefined, undefined)
await new Promise((done) => setTimeout(done, 300))
console.log(JSON.stringify(output))
"""


def run(folder: Path, files: dict[str, str], script: str, *arguments: str) -> Any:
    """Run a script beside the files of a plugin and return what it says."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.js").write_text(script)
    command = [str(NODE), str(folder / "run.js"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    place = tmp_path / "plugin"
    place.mkdir()
    return place


@pytest.fixture
def server(machine: Machine, recollect: Run) -> Iterator[Machine]:
    """A real server of the machine's data directory."""
    recollect("serve", "--background", "--port", "0", "--home", machine.data)
    yield machine
    recollect("stop", "--home", machine.data)


class Listener(BaseHTTPRequestHandler):
    """Takes what hooks hand over and answers with a context."""

    got: ClassVar[list[tuple[str, str, dict[str, Any]]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        event = self.path.partition("event=")[2]
        self.got.append((self.path, self.headers.get("Authorization", ""), body))
        said = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": f"told at {event}"}}
        answer = json.dumps({"output": said if event in ("SessionStart", "UserPromptSubmit") else None}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener(machine: Machine) -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
    """A server that is found by the data directory; yields what it got."""
    Listener.got = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as service:
        machine.data.mkdir()
        (machine.data / "server.json").write_text(json.dumps({"host": "127.0.0.1", "port": service.server_port}))
        (machine.data / "token").write_text("rec_secret\n")
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Listener.got
        service.shutdown()
        thread.join()


@pytest.mark.slow
def test_openclaw_adds_searches_lists_and_deletes(server: Machine, plugin: Path) -> None:
    lines = ["add Alice prefers tabs", "search indentation tabs", "list", "status", "", "delete 1234", "add"]
    told = run(plugin, texts("openclaw", server), OPENCLAW, json.dumps(lines))
    added, found, listed, status, usage, which, empty = told["said"]
    assert added.startswith("Remembered (")
    name = added[len("Remembered (") :].partition(")")[0]
    assert name in found
    assert "Alice prefers tabs" in listed
    assert status.endswith("Memories of default: 1")
    assert usage.startswith("/memory add")
    assert which.startswith("Which one?")
    assert empty.startswith("What shall I remember?")
    assert "Petrel" in told["recalled"]["prependContext"]
    assert told["found"]["content"][0]["text"].endswith("Bo sails on Sundays")
    assert told["lost"]["isError"] is True
    again = run(plugin, texts("openclaw", server), OPENCLAW, json.dumps([f"delete {name}", "search tabs", "list"]))
    assert again["said"][0] == f"Deleted {name}"
    assert "tabs" not in again["said"][2]
    assert again["said"][2].count("My boat is called Petrel.") == 1
    assert "old" not in again["said"][2]


def test_openclaw_without_a_server_says_how_to_start_it(machine: Machine, plugin: Path) -> None:
    told = run(plugin, texts("openclaw", machine), OPENCLAW, json.dumps(["status", "search x"]))
    assert all("recollect serve --background" in line for line in told["said"])
    assert told["recalled"] is None


def test_the_manifest_of_openclaw_names_the_tools_that_are_registered(machine: Machine, plugin: Path) -> None:
    files = texts("openclaw", machine)
    told = run(plugin, files, OPENCLAW, "[]")
    manifest = json.loads(files["openclaw.plugin.json"])
    assert sorted(manifest["contracts"]["tools"]) == sorted(told["tools"])
    assert manifest["kind"] == "memory"
    assert "skills/recollect/SKILL.md" in files
    assert json.loads(files["package.json"])["openclaw"]["extensions"] == ["./index.js"]


def test_opencode_hands_over_what_happens_and_tells_what_is_remembered(
    machine: Machine, plugin: Path, listener: list[tuple[str, str, dict[str, Any]]]
) -> None:
    output = run(plugin, texts("opencode", machine), OPENCODE)
    assert output["system"] == ["you are", "told at SessionStart", "told at UserPromptSubmit"]
    assert {token for _, token, _ in listener} == {"Bearer rec_secret"}
    by_event = {path.partition("event=")[2]: body["payload"] for path, _, body in listener}
    assert [path.partition("?")[0] for path, _, _ in listener] == ["/api/hooks/opencode"] * 4
    assert by_event["UserPromptSubmit"] == {
        "session_id": "s-1", "cwd": "/home/mei/lantern", "prompt": "where is the bug?", "prompt_id": "m-1",
    }  # fmt: skip
    assert by_event["Stop"]["last_assistant_message"] == "It is in auth.py."
    assert by_event["PostToolUse"]["tool_input"] == {"command": "ls"}
    assert len(by_event["PostToolUse"]["tool_response"]) == 200_000
    assert len({body["event_id"] for _, _, body in listener}) == 4


def test_opencode_goes_on_without_a_server(machine: Machine, plugin: Path) -> None:
    assert run(plugin, texts("opencode", machine), OPENCODE) == {"system": ["you are"]}
