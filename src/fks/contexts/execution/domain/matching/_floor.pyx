# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""What any engine called from Python costs at least: reading rows, answering, being called.

`fks bench matching` measures it in the same run, so that its figures mean something elsewhere.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "intrinsics.h" nogil:
    uint64_t fks_ticks()

cdef struct Row:
    uint8_t kind, side, type, tif
    uint32_t rest, account, strategy
    uint64_t id
    int64_t price, stop
    uint32_t quantity, display
    int64_t expire_ns
    uint64_t link

cdef struct Answer:
    uint8_t kind, side, type, tif
    uint32_t quantity
    uint64_t id
    int64_t price
    uint64_t link


def acknowledge(const uint8_t[::1] commands, uint8_t[::1] answers):
    """Read every command (64 bytes) and answer with 32 bytes, round and round in `answers`."""
    cdef Py_ssize_t i, n = commands.shape[0] // 64, room = answers.shape[0] // 32, at = 0
    cdef const Row *row
    cdef Answer *out
    if room == 0 or n == 0:
        return 0
    row = <const Row *>&commands[0]
    out = <Answer *>&answers[0]
    with nogil:
        for i in range(n):
            out[at].kind, out[at].side, out[at].type = row[i].kind, row[i].side, row[i].type
            out[at].tif, out[at].quantity, out[at].id = row[i].tif, row[i].quantity, row[i].id
            out[at].price, out[at].link = row[i].price, row[i].link
            at += 1
            if at == room:
                at = 0
    return n


def nothing(int64_t id, int64_t side, int64_t price, int64_t quantity, int64_t account,
            int64_t ts_ns):
    """Take six numbers and do nothing."""
    return 0


def ticks():
    """Return the counter that `Matcher.measure` reads."""
    return fks_ticks()
