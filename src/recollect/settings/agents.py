"""What coding assistants are set by."""

from __future__ import annotations

from pydantic import Field

from recollect.settings.part import Names, Part


class AgentsSettings(Part):
    """What coding assistants are told through their hooks, and what is kept of what they do."""

    session_budget: int = Field(1500, ge=0, le=10_000, description="most tokens told when a session starts; 0: none")
    prompt_budget: int = Field(300, ge=0, le=10_000, description="most tokens told beside a prompt; 0: none")
    prompt_score: float = Field(0.7, ge=0, le=1, description="least score of what is told beside a prompt")
    keep_told_days: int = Field(90, ge=0, le=36_500, description="days it is kept what was told to assistants; 0: not")
    transcripts: Names = Field(
        ("~/.claude/projects",), description="folders whose transcripts are read to tell the line of what was heard"
    )
    skip_tools: Names = Field((), description="tools whose calls are not kept, such as Read or mcp__github__*")
    skip_projects: Names = Field((), description="projects or folders of which nothing is kept and nothing told")
