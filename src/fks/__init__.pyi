from fks.contracts.engine import Strategy as Strategy
from fks.contracts.engine import Trigger as Trigger
from fks.contracts.transformer import IndicatorSpec as IndicatorSpec
from fks.library import backtest as backtest
from fks.library import join as join
from fks.library import load as load

__all__ = ["IndicatorSpec", "Strategy", "Trigger", "__version__", "backtest", "join", "load"]

__version__: str
