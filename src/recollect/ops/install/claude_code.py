"""Claude Code: our plugin as a marketplace in the data directory, made known and enabled in `~/.claude`."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import Any, Final

from recollect.agents.claude_plugin import render
from recollect.ops.install import claude_hooks
from recollect.ops.install.machine import Machine
from recollect.ops.install.wanted import Default, Member, Owned, Read, Shared, Wanted

CLIENT: Final = "claude-code"
MARKET: Final = ".claude-plugin/marketplace.json"
MANIFEST: Final = ".claude-plugin/plugin.json"
TIMES: Final = frozenset({"installedAt", "lastUpdated"})
"""Fields that Claude Code brings up to date by itself."""
NEXT: Final = "It is there from the next session on; `claude plugin list` shows it."


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:
    """Return what Claude Code is to be given: the plugin's files, and three files of settings that name it.

    A plugin in a directory is read where it is, so nothing is copied. Without hooks, its `hooks.json` holds none.
    """
    folder = machine.plugins(CLIENT)
    texts = dict(render(machine.python, str(machine.data), machine.host, machine.port))
    market, name, source, version = _named(texts)
    if not hooks:
        texts.update({path: '{"hooks": {}}\n' for path in texts if path.endswith("hooks/hooks.json")})
    config, key, now = machine.claude(), f"{name}@{market}", machine.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    origin = {"source": "directory", "path": str(folder)}
    known = {"source": origin, "installLocation": str(folder), "lastUpdated": now}
    path = str(folder / source)
    place = {"scope": "user", "installPath": path, "version": version, "installedAt": now, "lastUpdated": now}
    enabled = (Member(("extraKnownMarketplaces", market), {"source": origin}), Member(("enabledPlugins", key), True))
    return Wanted(
        CLIENT,
        (
            *(Owned(folder / path, text) for path, text in texts.items()),
            Shared(config / "settings.json", enabled),
            Shared(config / "plugins" / "known_marketplaces.json", (Member((market,), known, TIMES),)),
            Shared(
                config / "plugins" / "installed_plugins.json",
                (Default(("version",), 2), Member(("plugins", key), [place], TIMES)),
            ),
        ),
        (*_doubled(machine, read), NEXT),
    )


def _named(texts: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Return the names of the marketplace and of its plugin, where that is, and its version."""
    market: dict[str, Any] = json.loads(texts[MARKET])
    plugin = market["plugins"][0]
    source = posixpath.normpath(plugin["source"])
    manifest = json.loads(texts[posixpath.normpath(posixpath.join(source, MANIFEST))])
    return market["name"], plugin["name"], source, manifest.get("version", "0")


def _doubled(machine: Machine, read: Read) -> tuple[str, ...]:
    if not claude_hooks.are_there(machine, read):
        return ()
    return (
        f"{machine.claude() / 'settings.json'} holds hooks of recollect besides the plugin's: take them out, or "
        "everything is captured twice.",
    )
