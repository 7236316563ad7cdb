"""What any engine called from Python costs at least."""

import numpy as np
import numpy.typing as npt

def acknowledge(commands: npt.NDArray[np.uint8], answers: npt.NDArray[np.uint8]) -> int: ...
def nothing(
    id: int,  # noqa: A002  # named as in the rows
    side: int,
    price: int,
    quantity: int,
    account: int,
    ts_ns: int,
) -> int: ...
def ticks() -> int: ...
