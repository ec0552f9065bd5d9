"""The command line that an installer writes into a client's settings for a hook."""

import os
import sys

LAUNCH = (
    "import os,sys;p=sys.argv.pop(1);"
    "os.path.isfile(p)and exec(open(p,'rb').read(),{'__file__':p,'__name__':'__main__'})"
)
"""Runs the file it is given, if it is there.

Python itself ends with 2 when a file is missing, which agents read as 'block this prompt': an uninstalled package must
not do that.
"""


def command(client: str, event: str, home: str, *, host: str = "", port: int = 0) -> list[str]:
    """Return program and arguments of a hook; the interpreter is the one that runs now, never a shim.

    Without host and port the hook finds the server of this machine by its data directory.
    """
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "post.py")
    named = ["--home", os.path.abspath(home), "--client", client, "--event", event]
    if host:
        named += ["--host", host]
    if port:
        named += ["--port", str(port)]
    return [interpreter(), "-I", "-S", "-c", LAUNCH, script, *named]


def interpreter(executable: str = sys.executable, platform: str = sys.platform) -> str:
    """Return the interpreter for hooks: on Windows the one that opens no window, where there is one."""
    if platform != "win32":
        return executable
    silent = os.path.join(os.path.dirname(executable), "pythonw.exe")
    return silent if os.path.isfile(silent) else executable
