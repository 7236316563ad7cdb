from fks.contracts.columns import Float64, Int64

def still_runs(
    opens: Float64,
    highs: Float64,
    lows: Float64,
    closes: Float64,
    volume: Float64,
    least: int,
) -> list[tuple[int, int]]: ...
def frozen_runs(closes: Float64, volume: Float64, least: int) -> list[tuple[int, int]]: ...
def off_grid(ts_ns: Int64, grid_ns: int, phase_ns: int) -> list[int]: ...
def spikes(
    highs: Float64,
    lows: Float64,
    closes: Float64,
    floor_price: float,
    floor_share: float,
    wick: float,
    reverts: float,
    far: float,
) -> tuple[list[int], list[int]]: ...
