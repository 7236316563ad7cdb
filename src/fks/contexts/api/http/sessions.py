"""Paper sessions: start, watch, steer."""

from __future__ import annotations

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from fks.contexts.api.domain.requests import SessionRequest
from fks.contexts.api.http.inject import ApiDep, Key, Limit
from fks.contracts.execution import (
    FillList,
    GetEquity,
    GetSession,
    ListFills,
    ListOrders,
    ListPositions,
    ListSessions,
    OrderList,
    PauseSession,
    PositionList,
    ResumeSession,
    Session,
    SessionEquity,
    SessionList,
    StopSession,
)

__all__ = ["PositionController", "SessionController"]


class SessionController(Controller):
    """Paper sessions."""

    path = "/sessions"
    tags = ("execution",)

    @post("/", status_code=HTTP_201_CREATED, summary="Start a paper session")
    async def start(
        self, api: ApiDep, data: JSONBody[SessionRequest], idempotency_key: Key = None
    ) -> Session:
        """Replay a dataset to a strategy and trade it on a simulated account."""
        return await api.start_session(data, api.new_key(idempotency_key))

    @get("/", summary="List sessions")
    async def list_sessions(self, api: ApiDep, limit: Limit = 50) -> SessionList:
        """Return sessions, newest first."""
        return await api.ask(ListSessions(limit=limit))

    @get("/{session_id:str}", summary="Get a session")
    async def get_session(self, api: ApiDep, session_id: FromPath[str]) -> Session:
        """Return how a session stands."""
        return await api.ask(GetSession(session_id=session_id))

    @post("/{session_id:str}/pause", status_code=HTTP_200_OK, summary="Pause a session")
    async def pause(
        self, api: ApiDep, session_id: FromPath[str], idempotency_key: Key = None
    ) -> Session:
        """Hold the replay after the bar that is being worked on."""
        key = api.new_key(idempotency_key)
        return await api.ask(PauseSession(key=key, session_id=session_id))

    @post("/{session_id:str}/resume", status_code=HTTP_200_OK, summary="Resume a session")
    async def resume(
        self, api: ApiDep, session_id: FromPath[str], idempotency_key: Key = None
    ) -> Session:
        """Let a paused session go on."""
        key = api.new_key(idempotency_key)
        return await api.ask(ResumeSession(key=key, session_id=session_id))

    @post("/{session_id:str}/stop", status_code=HTTP_200_OK, summary="Stop a session")
    async def stop(
        self, api: ApiDep, session_id: FromPath[str], idempotency_key: Key = None
    ) -> Session:
        """Cancel what rests and end the session for good."""
        key = api.new_key(idempotency_key)
        return await api.ask(StopSession(key=key, session_id=session_id))

    @get("/{session_id:str}/orders", summary="List a session's orders")
    async def orders(
        self, api: ApiDep, session_id: FromPath[str], limit: Limit = 1000
    ) -> OrderList:
        """Return its last orders."""
        return await api.ask(ListOrders(session_id=session_id, limit=limit))

    @get("/{session_id:str}/fills", summary="List a session's fills")
    async def fills(self, api: ApiDep, session_id: FromPath[str], limit: Limit = 1000) -> FillList:
        """Return its last fills."""
        return await api.ask(ListFills(session_id=session_id, limit=limit))

    @get("/{session_id:str}/equity", summary="Get a session's equity curve")
    async def equity(
        self, api: ApiDep, session_id: FromPath[str], limit: Limit = 5000
    ) -> SessionEquity:
        """Return the last points of its equity curve."""
        return await api.ask(GetEquity(session_id=session_id, limit=limit))


class PositionController(Controller):
    """Open positions of all sessions."""

    path = "/positions"
    tags = ("execution",)

    @get("/", summary="List positions")
    async def positions(self, api: ApiDep) -> PositionList:
        """Return the positions of all sessions that are not over."""
        return await api.ask(ListPositions())
