# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""As-of joins of sorted times: one pass over both sides.

`out` gets, for each left time, the row of the right side that holds at it, or -1. `asof.py` says
what holds means, and checks the arguments. Differences are taken without a sign, so that no pair
of times overflows.
"""

from libc.stdint cimport UINT64_MAX, int64_t, uint64_t

cdef uint64_t ENDLESS = UINT64_MAX
cdef Py_ssize_t BLOCK = 4096
cdef Py_ssize_t LOOK = 128


def ascends(const int64_t[::1] times):
    """Tell whether no time is before the one in front of it."""
    return not descends(times, 0, times.shape[0])


cdef inline bint descends(const int64_t[::1] times, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Tell whether a time in `[begin, end)` is before the one in front of it.

    The sign of the borrow says so for any two times, without a branch: several are done at once.
    """
    cdef Py_ssize_t i
    cdef int64_t signs = 0, later, earlier, apart_ns
    for i in range(begin if begin > 0 else 1, end):
        later, earlier = times[i], times[i - 1]
        apart_ns = <int64_t>(<uint64_t>later - <uint64_t>earlier)
        signs |= apart_ns ^ ((later ^ earlier) & (apart_ns ^ later))
    return signs < 0


def backward(const int64_t[::1] left, const int64_t[::1] right, uint64_t tolerance, bint exact,
             int64_t[::1] out):
    """Take the last row at or before each time; only before it where `exact` is false.

    Returns whether the left times ascend, and whether the right ones do; else `out` is worth nothing.
    """
    cdef int found = merge(left, right, exact, -1, out)
    if found == 0:
        within(left, right, tolerance, out)
    return found & 1 == 0, found & 2 == 0


def forward(const int64_t[::1] left, const int64_t[::1] right, uint64_t tolerance, bint exact,
            int64_t[::1] out):
    """Take the first row at or after each time; only after it where `exact` is false.

    Returns whether the left times ascend, and whether the right ones do; else `out` is worth nothing.
    """
    cdef int found = merge(left, right, not exact, 0, out)
    if found == 0:
        within(left, right, tolerance, out)
    return found & 1 == 0, found & 2 == 0


cdef int merge(const int64_t[::1] left, const int64_t[::1] right, bint equal, int64_t shift,
               int64_t[::1] out) noexcept:
    """Count the rows that are before each time (or at it, if `equal`), and add `shift`.

    The first rows of a block tell how to go through the others: where the counts between two times
    repeat, a branch is foretold and cheapest; where they do not, a step without any is. Whether
    the times ascend is looked at while a block is near: 1 for left ones that do not, 2 for right.
    """
    cdef Py_ssize_t i = 0, j = 0, n = left.shape[0], m = right.shape[0], end, checked = 0
    cdef int broken = 0
    if n == 0 or m == 0:
        for i in range(n):
            out[i] = shift
        return descends(left, 0, n) | (descends(right, 0, m) << 1)
    with nogil:
        while i < n:
            end = i + BLOCK if i + BLOCK < n else n
            broken |= descends(left, i, end)
            broken |= descends(right, checked, j) << 1
            checked = j
            if steady(&left[0], &right[0], i, end, j, m, equal):
                if equal:
                    j = branching(&left[0], &right[0], i, end, j, m, True, shift, &out[0])
                else:
                    j = branching(&left[0], &right[0], i, end, j, m, False, shift, &out[0])
            elif equal:
                j = stepping(&left[0], &right[0], i, end, j, m, True, shift, &out[0])
            else:
                j = stepping(&left[0], &right[0], i, end, j, m, False, shift, &out[0])
            i = end
        broken |= descends(right, checked, m) << 1
    return broken


cdef inline bint steady(const int64_t* left, const int64_t* right, Py_ssize_t i, Py_ssize_t end,
                        Py_ssize_t j, Py_ssize_t m, bint equal) noexcept nogil:
    """Tell whether the counts between the next times mostly repeat."""
    cdef Py_ssize_t begun = i, began, last = 1, surprises = 0
    end = i + LOOK if i + LOOK < end else end
    while i < end:
        began = j
        while j < m and (right[j] < left[i] or (equal and right[j] == left[i])):
            j += 1
        surprises += j - began != last
        last = j - began
        i += 1
    return surprises * 8 <= end - begun


cdef inline Py_ssize_t branching(const int64_t* left, const int64_t* right, Py_ssize_t i,
                                 Py_ssize_t end, Py_ssize_t j, Py_ssize_t m, bint equal,
                                 int64_t shift, int64_t* out) noexcept nogil:
    """Count the rows before the times in `[i, end)` from row `j` on; return where that ends."""
    cdef int64_t at
    cdef Py_ssize_t k, began = j - 1
    cdef bint other
    while i < end:
        if j - began == 1 and i + 8 <= end and j + 8 < m:
            other = False
            for k in range(8):
                if equal:
                    other |= (right[j + k] > left[i + k]) | (right[j + k + 1] <= left[i + k])
                else:
                    other |= (right[j + k] >= left[i + k]) | (right[j + k + 1] < left[i + k])
            if not other:  # one row each, as of bars beside bars
                for k in range(8):
                    out[i + k] = j + k + 1 + shift
                i += 8
                j += 8
                began = j - 1
                continue
        elif j == began and i + 8 <= end and (
            j == m or left[i + 7] < right[j] or (not equal and left[i + 7] == right[j])
        ):  # none for a while, as of hours beside minutes
            for k in range(8):
                out[i + k] = j + shift
            i += 8
            continue
        at, began = left[i], j
        if equal:
            while j < m and right[j] <= at:
                j += 1
        else:
            while j < m and right[j] < at:
                j += 1
        out[i] = j + shift
        i += 1
    return j


cdef inline Py_ssize_t stepping(const int64_t* left, const int64_t* right, Py_ssize_t i,
                                Py_ssize_t end, Py_ssize_t j, Py_ssize_t m, bint equal,
                                int64_t shift, int64_t* out) noexcept nogil:
    """As `branching`; each step is one of either side, whichever comes first."""
    cdef Py_ssize_t before
    while i < end and j < m:
        before = right[j] <= left[i] if equal else right[j] < left[i]
        out[i] = j + shift
        j += before
        i += 1 - before
    while i < end:
        out[i] = m + shift
        i += 1
    return j


cdef void within(const int64_t[::1] left, const int64_t[::1] right, uint64_t tolerance,
                 int64_t[::1] out) noexcept:
    """Put -1 where there is no row, or where it is further away than that."""
    cdef Py_ssize_t i, n = left.shape[0], m = right.shape[0]
    cdef uint64_t gap
    with nogil:
        if tolerance == ENDLESS:
            for i in range(n - 1, -1, -1):
                if out[i] < m:
                    break
                out[i] = -1
            return
        for i in range(n):
            if out[i] < 0 or out[i] >= m:
                out[i] = -1
                continue
            gap = apart(left[i], right[out[i]]) if left[i] > right[out[i]] else apart(right[out[i]], left[i])
            if gap > tolerance:
                out[i] = -1


def nearer(const int64_t[::1] left, const int64_t[::1] right, const int64_t[::1] after,
           int64_t[::1] out):
    """Replace the rows before (`out`) by the rows `after` where those are nearer in time."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(left.shape[0]):
            if after[i] < 0:
                continue
            if out[i] < 0 or apart(right[after[i]], left[i]) < apart(left[i], right[out[i]]):
                out[i] = after[i]


def backward_by(const int64_t[::1] left, const int64_t[::1] left_group,
                const int64_t[::1] right, const int64_t[::1] right_group,
                uint64_t tolerance, bint exact, int64_t[::1] last, int64_t[::1] out):
    """As `backward`, within groups; `last` has a place for each group, all -1."""
    cdef Py_ssize_t i, j = 0, m = right.shape[0]
    cdef int64_t at, found
    with nogil:
        for i in range(left.shape[0]):
            at = left[i]
            while j < m and (right[j] < at or (exact and right[j] == at)):
                last[right_group[j]] = j
                j += 1
            found = last[left_group[i]]
            out[i] = found if found >= 0 and apart(at, right[found]) <= tolerance else -1


def forward_by(const int64_t[::1] left, const int64_t[::1] left_group,
               const int64_t[::1] right, const int64_t[::1] right_group,
               uint64_t tolerance, bint exact, int64_t[::1] last, int64_t[::1] out):
    """As `forward`, within groups; `last` has a place for each group, all -1."""
    cdef Py_ssize_t i, j = right.shape[0] - 1
    cdef int64_t at, found
    with nogil:
        for i in range(left.shape[0] - 1, -1, -1):
            at = left[i]
            while j >= 0 and (right[j] > at or (exact and right[j] == at)):
                last[right_group[j]] = j
                j -= 1
            found = last[left_group[i]]
            out[i] = found if found >= 0 and apart(right[found], at) <= tolerance else -1


cdef inline uint64_t apart(int64_t later, int64_t earlier) noexcept nogil:
    return <uint64_t>later - <uint64_t>earlier
