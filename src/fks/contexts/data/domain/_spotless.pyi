from fks.contracts.columns import Float64, Int64

def snap(
    ts_ns: Int64,
    opens: Float64,
    highs: Float64,
    lows: Float64,
    closes: Float64,
    volume: Float64,
    numerator: float,
    denominator: float,
    earliest_ns: int,
    latest_ns: int,
    rounding: bool,
    snapped: Float64,
) -> int: ...
