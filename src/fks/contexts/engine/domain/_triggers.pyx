"""Conditions over two columns, one pass each; the meaning is in `triggers.py`.

NaN compares false, so a side in warm-up holds no relation.
"""

from libc.stdint cimport uint8_t, uint64_t

ctypedef fused flags:
    uint8_t
    uint64_t


def fire(
    const double[::1] left,
    const double[::1] right,
    double constant,
    double tolerance,
    bint above,
    bint cross,
    bint held,
    int bit,
    flags[::1] fired,
):
    """Set `bit` in `fired` where the condition fires; return whether it holds at the last row.

    An empty `right` stands for `constant`. `held` says whether the relation held before row 0.
    """
    cdef Py_ssize_t row, rows = fired.shape[0]
    cdef bint fixed = right.shape[0] == 0 and rows > 0
    cdef double sign = 1.0 if above else -1.0, gap
    cdef flags mark = (<flags>1) << bit
    cdef flags holds, before = held
    cdef flags keeps = 1 if cross else 0
    if left.shape[0] != rows or (not fixed and right.shape[0] != rows):
        raise ValueError("columns of one length")
    with nogil:
        for row in range(rows):
            # a - b and b - a are exact opposites, so one comparison serves both directions.
            gap = left[row] - (constant if fixed else right[row])
            holds = sign * gap > tolerance
            fired[row] |= mark * (holds & ~(before & keeps))
            before = holds
    return bool(before)
