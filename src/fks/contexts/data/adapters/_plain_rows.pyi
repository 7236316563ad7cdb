from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contracts.columns import Float64, Int64

def parse(
    data: Any,
    end: int,
    delimiter: int,
    places: Int64,
    times: npt.NDArray[np.uint64],
    numbers: Float64,
) -> int: ...
