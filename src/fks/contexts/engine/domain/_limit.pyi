from fks.contracts.columns import Float64

def sma_cross(
    opens: Float64,
    closes: Float64,
    fast: int,
    slow: int,
    cash: float,
    quantity: float,
    fee: float,
    threshold: float,
    same_close: bool,
) -> tuple[float, int]: ...
