"""What coding agents start at every event: a small process that hands the event over and is gone before it is noticed.

Only the standard library is imported here, and of it only what starts at once: `typing`, `json`, `socket`, `pathlib`
and `dataclasses` each cost more than the whole rest of a hook.
"""
