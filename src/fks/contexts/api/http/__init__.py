"""The routes of the public face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Router
from litestar.di import Provide

from fks.contexts.api.http.aliases import AliasController
from fks.contexts.api.http.assets import DatasetHistoryController, TrackedController
from fks.contexts.api.http.backtests import BacktestController
from fks.contexts.api.http.data import DatasetController, IndicatorController
from fks.contexts.api.http.engine import StrategyController
from fks.contexts.api.http.execute import ExecuteController
from fks.contexts.api.http.instruments import InstrumentController
from fks.contexts.api.http.keeping import DatasetKeepingController, SplitController
from fks.contexts.api.http.orders import BookController, FillController, OrderController
from fks.contexts.api.http.pages import DatasetPageController
from fks.contexts.api.http.providers import ProviderController
from fks.contexts.api.http.sessions import PositionController, SessionController
from fks.contexts.api.http.socket import feed_socket
from fks.contexts.api.http.streams import StreamController
from fks.contexts.api.http.trading import (
    AccountController,
    HeldSignalController,
    RiskController,
)
from fks.contexts.api.http.udf import UdfController
from fks.contexts.api.service import Api
from fks.kernel.runtime import Runtime

__all__ = ["routes"]


def routes(runtime: Runtime) -> Sequence[Any]:
    """Return the routers of this process's public face."""
    api = runtime.singleton(Api, lambda: Api(runtime))
    dependencies = {"api": Provide(lambda: api, sync_to_thread=False)}
    versioned = Router(
        path="/api/v1",
        route_handlers=[
            DatasetController,
            DatasetHistoryController,
            DatasetKeepingController,
            DatasetPageController,
            SplitController,
            InstrumentController,
            TrackedController,
            ProviderController,
            StreamController,
            IndicatorController,
            StrategyController,
            BacktestController,
            SessionController,
            PositionController,
            OrderController,
            FillController,
            BookController,
            AccountController,
            RiskController,
            HeldSignalController,
        ],
        dependencies=dependencies,
    )
    feeds = [UdfController] if api.settings.udf else []
    plain = Router(
        path="/",
        route_handlers=[AliasController, ExecuteController, *feeds, feed_socket],
        dependencies=dependencies,
    )
    return [versioned, plain]
