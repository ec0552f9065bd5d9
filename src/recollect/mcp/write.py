"""The tools that write: keep something on purpose, and forget it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from recollect.errors import InvalidInput, NotFound
from recollect.mcp.argument import Ids, Project, User
from recollect.mcp.desk import Call, Desk
from recollect.mcp.failure import told
from recollect.mcp.held import joined


class Writing:
    """Tools that change what is remembered."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def add_memory(
        self,
        text: Annotated[str, Field(min_length=1, description="What to remember, understandable by itself.")],
        call: Call,
        title: Annotated[str | None, Field(max_length=200, description="A few words to find it by.")] = None,
        kind: Annotated[
            Literal["note", "fact"], Field(description="note: anything; fact: one statement that is true.")
        ] = "note",
        category: Annotated[
            str | None, Field(max_length=100, description="Such as preference, decision, bug, how-to.")
        ] = None,
        importance: Annotated[
            float | None, Field(ge=0, le=1, description="0 to 1; left out, it is judged by the text.")
        ] = None,
        metadata: Annotated[dict[str, Any] | None, Field(description="Anything else, as a JSON object.")] = None,
        expires_at: Annotated[
            str | None, Field(max_length=40, description="From then on it is no longer given as an answer.")
        ] = None,
        project_id: Project = None,
        user_id: User = None,
    ) -> str:
        """Keep something for later sessions: a decision and its reason, a preference, a fact, how a problem was solved.

        Use it when the user asks to remember something, or when you learnt what will matter again and is not plain
        from the code. Conversations are often captured by themselves; there is no need to copy them. Write it so that
        it makes sense alone (names instead of "it", a date instead of "tomorrow"). Said again, it is counted, not kept
        twice. Secrets and what stands between <private> tags are not kept.
        """
        whose = self._desk.whose(call, user_id, project_id)
        given = {**(metadata or {}), **({"category": category} if category else {})}
        kept = await self._desk.of(call).add(
            text,
            **whose.named(),
            title=title,
            kind=kind,
            importance=importance,
            metadata=given or None,
            expires_at=expires_at,
        )
        again = f" It was known already and has now been said {kept.repeats} times." if kept.repeats > 1 else ""
        return f"Remembered in project `{whose.project_id}` as `{kept.id}`.{again}"

    async def forget_memory(self, ids: Ids, call: Call, project_id: Project = None, user_id: User = None) -> str:
        """Delete memories for good, with what was derived from them alone. This cannot be undone.

        Use it only when the user asks to forget something. Find the ids with search_memories first, and say what you
        are about to delete. What merely became outdated need not be deleted: add what is true now.
        """
        whose = self._desk.whose(call, user_id, project_id)
        gone: list[str] = []
        missing: list[str] = []
        wanted = list(dict.fromkeys(ids))
        for done, given in enumerate(wanted, 1):
            try:
                item = await self._desk.find(call, given, whose.user_id, project_id)
                await self._desk.of(call).delete(item.id)
            except (NotFound, InvalidInput) as error:
                missing.append(f"- {told(error)}")
            else:
                gone.append(f"- `{item.id}`")
            await call.report_progress(done, len(wanted), f"{done} of {len(wanted)} looked at")
        if not gone:
            raise NotFound(" ".join(line.removeprefix("- ") for line in missing[:5]))
        return joined(["Forgotten for good:", *gone], missing)
