from fks.contracts.columns import Int64

def ascends(times: Int64) -> bool: ...
def backward(
    left: Int64, right: Int64, tolerance: int, exact: bool, out: Int64
) -> tuple[bool, bool]: ...
def forward(
    left: Int64, right: Int64, tolerance: int, exact: bool, out: Int64
) -> tuple[bool, bool]: ...
def nearer(left: Int64, right: Int64, after: Int64, out: Int64) -> None: ...
def backward_by(
    left: Int64,
    left_group: Int64,
    right: Int64,
    right_group: Int64,
    tolerance: int,
    exact: bool,
    last: Int64,
    out: Int64,
) -> None: ...
def forward_by(
    left: Int64,
    left_group: Int64,
    right: Int64,
    right_group: Int64,
    tolerance: int,
    exact: bool,
    last: Int64,
    out: Int64,
) -> None: ...
