from typing import Any

from fks.contracts.columns import Float64

def fire(
    left: Float64,
    right: Float64,
    constant: float,
    tolerance: float,
    above: bool,
    cross: bool,
    held: bool,
    bit: int,
    fired: Any,
) -> bool: ...
