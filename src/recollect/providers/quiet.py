"""Keeps ONNX Runtime quiet: as built it tells its makers what it does, and keeps an id of the machine for that."""

from __future__ import annotations

import os


def quiet() -> None:
    """Have ONNX Runtime keep no id and send nothing, now and in processes to come; call it before the import.

    Its own switch, `disable_telemetry_events`, comes too late: the import has then made the id and sent word of itself.
    https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
