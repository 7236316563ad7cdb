"""Backtests as jobs: start, watch, read, compare, cancel."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, MediaType, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from fks.contexts.api.http.inject import ApiDep, Key, Limit
from fks.contracts.engine import (
    BacktestRequest,
    CancelRun,
    CompareRuns,
    Comparison,
    GetRun,
    GetRunReport,
    GetRunSeries,
    GetRunTrades,
    ListRuns,
    Run,
    RunList,
    RunSeries,
    RunTrades,
    StartBacktest,
)
from fks.kernel.errors import Invalid

__all__ = ["BacktestController"]

# The tear sheet is our own page without scripts; nothing else may run in its frame.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


class BacktestController(Controller):
    """Backtests."""

    path = "/backtests"
    tags = ("engine",)

    @post("/", status_code=HTTP_202_ACCEPTED, summary="Start a backtest")
    async def start(
        self, api: ApiDep, data: JSONBody[BacktestRequest], idempotency_key: Key = None
    ) -> Run:
        """Queue a backtest and return its record; ask for it by its id."""
        return await api.ask(StartBacktest(key=api.new_key(idempotency_key), request=data))

    @get("/", summary="List backtests")
    async def list_runs(self, api: ApiDep, limit: Limit = 50) -> RunList:
        """Return the latest backtests, newest first."""
        return await api.ask(ListRuns(limit=limit))

    @get("/compare", summary="Compare backtests")
    async def compare(
        self,
        api: ApiDep,
        run: Annotated[list[str], QueryParameter(description="Two to six run ids.")],
    ) -> Comparison:
        """Return runs side by side, and what differs in their requests."""
        if not 2 <= len(run) <= 6:
            raise Invalid("compare two to six runs: ?run=A&run=B", code="api.bad_request")
        return await api.ask(CompareRuns(run_ids=tuple(run)))

    @get("/{run_id:str}", summary="Get a backtest")
    async def get_run(self, api: ApiDep, run_id: FromPath[str]) -> Run:
        """Return how a backtest stands, with its figures once it is done."""
        return await api.ask(GetRun(run_id=run_id))

    @delete("/{run_id:str}", status_code=HTTP_200_OK, summary="Cancel a backtest")
    async def cancel(self, api: ApiDep, run_id: FromPath[str]) -> Run:
        """Stop a queued or running backtest; one that is over stays as it is."""
        return await api.ask(CancelRun(key=f"cancel-{run_id}", run_id=run_id))

    @get("/{run_id:str}/series", summary="Get equity and drawdown")
    async def series(
        self,
        api: ApiDep,
        run_id: FromPath[str],
        points: Annotated[int, QueryParameter(ge=10, le=10_000)] = 2000,
    ) -> RunSeries:
        """Return equity, drawdown and position, thinned to `points`."""
        return await api.ask(GetRunSeries(run_id=run_id, points=points))

    @get("/{run_id:str}/trades", summary="Get trades and fills")
    async def trades(self, api: ApiDep, run_id: FromPath[str], limit: Limit = 500) -> RunTrades:
        """Return the last trades and fills."""
        return await api.ask(GetRunTrades(run_id=run_id, limit=limit))

    @get("/{run_id:str}/report", media_type=MediaType.HTML, summary="Get the tear sheet")
    async def report(self, api: ApiDep, run_id: FromPath[str]) -> Response[str]:
        """Return the tear sheet: one HTML page without scripts."""
        sheet = await api.ask(GetRunReport(run_id=run_id))
        return Response(
            sheet.html,
            media_type=MediaType.HTML,
            headers={
                "Content-Security-Policy": _REPORT_POLICY,
                "X-Frame-Options": "SAMEORIGIN",
            },
        )
