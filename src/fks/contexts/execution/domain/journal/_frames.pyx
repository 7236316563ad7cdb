# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The bytes of the journal, compiled: CRC32C, the group that is being filled, the scanner.

The rules are those of `frames.py`, which is the one to read; tests hold both to the same bytes.
Nothing here touches a file or a clock. What runs without the GIL reports by number.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from "crc32c.h":
    void fks_crc_start() nogil
    uint32_t fks_crc32c(const uint8_t *p, size_t n, uint32_t crc) nogil
    uint32_t fks_crc_by_tables(const uint8_t *p, size_t n, uint32_t crc) nogil
    int fks_crc_fast

cdef extern from "blake2tree.h":
    ctypedef struct fks_tree:
        pass
    void fks_tree_start() nogil
    void fks_tree_begin(fks_tree *t) nogil
    void fks_tree_update(fks_tree *t, const uint8_t *p, uint64_t n) nogil
    void fks_tree_digest(const fks_tree *t, uint8_t *out) nogil
    int fks_tree_wide

fks_crc_start()
fks_tree_start()

cdef extern from *:
    """
    typedef struct {
        uint32_t length, crc; uint64_t seq, ts_ns; uint16_t kind, version; uint32_t flags;
    } fks_record;
    typedef struct {
        uint64_t first_seq, durable_seq; uint32_t records, group_crc, previous_crc, group_bytes;
        uint8_t before[16];
    } fks_commit;
    _Static_assert(sizeof(fks_record) == 32 && sizeof(fks_commit) == 48, "the layout of the journal");
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    #error "the journal's bytes are little-endian; frames.py is for other machines"
    #endif
    """
    ctypedef struct fks_record:
        uint32_t length, crc
        uint64_t seq, ts_ns
        uint16_t kind, version
        uint32_t flags

    ctypedef struct fks_commit:
        uint64_t first_seq, durable_seq
        uint32_t records, group_crc, previous_crc, group_bytes
        uint8_t before[16]

cdef enum:
    HEADER = 32
    COMMIT = 80
    COMMIT_KIND = 1
    FIRST = 1
    MAX_RECORD = 65536
    COMMAND = 64
    BATCH = 1000

# Why a scan stopped; `frames.Stop` names them.
cdef enum:
    END = 0
    LENGTH = 1
    CHECKSUM = 2
    SEQUENCE = 3
    TIME = 4
    FLAGS = 5
    UNCLOSED = 6
    BAD_COMMIT = 7


def crc32c(data, uint32_t seed=0):
    """Return the CRC32C of a buffer, going on from `seed`."""
    cdef Py_buffer view
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    cdef uint32_t found
    if view.len > 4096:
        with nogil:
            found = fks_crc32c(<const uint8_t *>view.buf, view.len, seed)
    else:
        found = fks_crc32c(<const uint8_t *>view.buf, view.len, seed)
    PyBuffer_Release(&view)
    return found


def crc32c_by_tables(data, uint32_t seed=0):
    """Return the CRC32C as a processor without the instruction computes it."""
    cdef Py_buffer view
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    cdef uint32_t found = fks_crc_by_tables(<const uint8_t *>view.buf, view.len, seed)
    PyBuffer_Release(&view)
    return found


def has_instruction():
    """Tell whether this processor computes CRC32C itself."""
    return bool(fks_crc_fast)


cdef class Digest:
    """The digest of a growing run of bytes; see `digest.plain_digest`."""

    cdef fks_tree tree

    def __cinit__(self, data=b""):
        fks_tree_begin(&self.tree)
        self.update(data)

    cpdef update(self, data):
        """Go on with these bytes, without the GIL where they are many."""
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        if view.len > 4096:
            with nogil:
                fks_tree_update(&self.tree, <const uint8_t *>view.buf, view.len)
        else:
            fks_tree_update(&self.tree, <const uint8_t *>view.buf, view.len)
        PyBuffer_Release(&view)

    def digest(self):
        """Return the 32 bytes of what was given so far; more may follow."""
        cdef uint8_t out[32]
        fks_tree_digest(&self.tree, out)
        return out[:32]


def without_vectors(bint off):
    """Compute digests as a processor without AVX2 does, or as this one can; for tests."""
    global fks_tree_wide
    if off:
        fks_tree_wide = 0
    else:
        fks_tree_start()


cdef inline uint32_t record_crc(const uint8_t *at, Py_ssize_t size, uint32_t seed) noexcept nogil:
    return fks_crc32c(at + 8, size - 8, fks_crc32c(at, 4, seed))


cdef class Group:
    """Records that will be written and made durable together; see `frames.PlainGroup`."""

    cdef bytearray store  # of this group alone, and never resized
    cdef uint8_t *data
    cdef readonly Py_ssize_t capacity, used
    cdef readonly uint64_t first_seq, last_seq, ts_ns
    cdef readonly uint32_t records
    cdef uint32_t prefix, chain

    def __cinit__(self, Py_ssize_t capacity, uint32_t prefix):
        if capacity < HEADER + COMMIT:
            raise ValueError("a group needs room for a record and its commit")
        self.store = bytearray(capacity)
        self.data = <uint8_t *>PyByteArray_AS_STRING(self.store)
        self.capacity = capacity
        self.prefix = prefix

    def clear(self):
        """Empty the group for its next use."""
        self.used = 0
        self.records = 0

    cdef uint8_t *start(self, Py_ssize_t length, uint64_t seq, uint64_t ts_ns, uint16_t kind,
                        uint16_t version) noexcept nogil:
        """Write the header of a record; NULL where it does not fit beside the commit."""
        cdef Py_ssize_t size = (length + 7) & ~7
        if self.used + size + COMMIT > self.capacity:
            return NULL
        cdef fks_record *record = <fks_record *>(self.data + self.used)
        record.length = <uint32_t>length
        record.seq = seq
        record.ts_ns = ts_ns
        record.kind = kind
        record.version = version
        record.flags = 0 if self.records else FIRST
        if self.records == 0:
            self.first_seq = seq
            self.chain = fks_crc32c(<const uint8_t *>&seq, 8, self.prefix)
        memset(self.data + self.used + size - 8, 0, 8 if size > HEADER else 0)
        return self.data + self.used + HEADER

    cdef void finish(self, Py_ssize_t length, uint64_t seq, uint64_t ts_ns) noexcept nogil:
        cdef Py_ssize_t size = (length + 7) & ~7
        self.chain = record_crc(self.data + self.used, size, self.chain)
        (<fks_record *>(self.data + self.used)).crc = self.chain
        self.used += size
        self.records += 1
        self.last_seq = seq
        self.ts_ns = ts_ns

    def put(self, uint64_t seq, uint64_t ts_ns, uint16_t kind, uint16_t version, payload):
        """Add a record; False, and nothing changed, where the group has no room for it."""
        cdef Py_buffer view
        PyObject_GetBuffer(payload, &view, PyBUF_SIMPLE)
        cdef Py_ssize_t length = HEADER + view.len
        cdef uint8_t *body = NULL
        if length <= MAX_RECORD:
            body = self.start(length, seq, ts_ns, kind, version)
            if body is not NULL:
                memcpy(body, view.buf, view.len)
                self.finish(length, seq, ts_ns)
        PyBuffer_Release(&view)
        if length > MAX_RECORD:
            raise ValueError(f"a record holds {MAX_RECORD - HEADER} bytes; {length - HEADER} were given")
        return body is not NULL

    def put_commands(self, uint64_t seq, uint64_t ts_ns, uint16_t kind, uint16_t version, rows,
                     Py_ssize_t skip):
        """Add the rows of 64 bytes after the first `skip`, up to 1,000 a record; return how many.

        Fewer than there are means that the group is full.
        """
        cdef Py_buffer view
        PyObject_GetBuffer(rows, &view, PyBUF_SIMPLE)
        cdef Py_ssize_t count = view.len // COMMAND, done = skip, part, room
        cdef uint8_t *body
        with nogil:
            while done < count:
                room = (self.capacity - self.used - COMMIT - HEADER) // COMMAND
                part = min(count - done, BATCH, room)
                if part <= 0:
                    break
                body = self.start(HEADER + part * COMMAND, seq, ts_ns, kind, version)
                memcpy(body, <const uint8_t *>view.buf + done * COMMAND, part * COMMAND)
                self.finish(HEADER + part * COMMAND, seq, ts_ns)
                seq += 1
                done += part
        PyBuffer_Release(&view)
        return done - skip

    def close(self, uint64_t durable_seq, uint32_t previous_crc, bytes before):
        """Add the commit; return its CRC. `before` is the digest of the segment before the group."""
        cdef fks_record *record = <fks_record *>(self.data + self.used)
        cdef fks_commit *body = <fks_commit *>(self.data + self.used + HEADER)
        if self.records == 0 or len(before) != 16:
            raise ValueError("a commit closes a group that holds records, with 16 bytes of digest")
        record.length = COMMIT
        record.seq = self.last_seq
        record.ts_ns = self.ts_ns
        record.kind = COMMIT_KIND
        record.version = 1
        record.flags = 0
        body.first_seq = self.first_seq
        body.durable_seq = durable_seq
        body.records = self.records
        body.group_crc = self.chain
        body.previous_crc = previous_crc
        body.group_bytes = <uint32_t>self.used
        memcpy(body.before, <const uint8_t *>before, 16)
        cdef uint32_t seed = fks_crc32c(<const uint8_t *>&self.first_seq, 8, self.prefix)
        record.crc = record_crc(self.data + self.used, COMMIT, seed)
        self.used += COMMIT
        return record.crc

    def view(self):
        """Return the bytes of the group; valid until it is cleared."""
        return memoryview(self.store)[: self.used].toreadonly()


cdef struct Scan:
    const uint8_t *data
    Py_ssize_t size
    Py_ssize_t end  # behind the last good commit
    Py_ssize_t bad  # where the scan stopped
    int reason
    uint32_t prefix, previous
    uint64_t seq, ts_ns
    int64_t records, groups
    Py_ssize_t last_group
    int64_t *index
    int64_t capacity


cdef int read_group(Scan *s) noexcept nogil:
    """Read one group at s.end; 0 and s moved on, or the reason with s.bad set."""
    cdef Py_ssize_t at = s.end, size
    cdef uint64_t seq = s.seq, ts_ns = s.ts_ns, first = s.seq + 1
    cdef uint32_t seed = fks_crc32c(<const uint8_t *>&first, 8, s.prefix), chain = seed
    cdef int64_t count = 0
    cdef const fks_record *record
    cdef const fks_commit *body
    while True:
        s.bad = at
        if s.size - at < HEADER:
            return UNCLOSED if count else END
        record = <const fks_record *>(s.data + at)
        if record.length == 0:
            return UNCLOSED if count else END
        size = ((<Py_ssize_t>record.length) + 7) & ~7
        if record.length < HEADER or record.length > MAX_RECORD or size > s.size - at:
            return LENGTH
        if record.kind == COMMIT_KIND:
            break
        if record_crc(s.data + at, size, chain) != record.crc:
            return CHECKSUM
        if record.seq != seq + 1:
            return SEQUENCE
        if record.ts_ns < ts_ns:
            return TIME
        if record.flags != (0 if count else FIRST):
            return FLAGS
        chain = record.crc
        seq = record.seq
        ts_ns = record.ts_ns
        if s.index is not NULL:
            if s.records + count >= s.capacity:
                return LENGTH
            s.index[s.records + count] = at
        count += 1
        at += size
    if record.length != COMMIT:
        return LENGTH
    if record_crc(s.data + at, COMMIT, seed) != record.crc:
        return CHECKSUM
    body = <const fks_commit *>(s.data + at + HEADER)
    if (count == 0 or body.records != count or body.first_seq != first or record.seq != seq
            or record.ts_ns != ts_ns or record.version != 1 or record.flags != 0
            or body.group_crc != chain or body.previous_crc != s.previous
            or body.group_bytes != at - s.end or body.durable_seq >= first):
        return BAD_COMMIT
    s.last_group = s.end
    s.end = at + COMMIT
    s.previous = record.crc
    s.seq = seq
    s.ts_ns = ts_ns
    s.records += count
    s.groups += 1
    return END


def scan(data, Py_ssize_t start, uint32_t prefix, uint64_t seq, uint64_t ts_ns,
         uint32_t previous_crc, index=None):
    """Read groups from `start` on; see `frames.plain_scan`."""
    cdef Py_buffer view, slots
    cdef Scan s
    cdef Py_ssize_t before
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    s.data = <const uint8_t *>view.buf
    s.size = view.len
    s.end = s.bad = start
    s.reason = END
    s.prefix = prefix
    s.previous = previous_crc
    s.seq = seq
    s.ts_ns = ts_ns
    s.records = s.groups = 0
    s.last_group = start
    s.index = NULL
    s.capacity = 0
    if index is not None:
        PyObject_GetBuffer(index, &slots, PyBUF_SIMPLE | PyBUF_WRITABLE)
        s.index = <int64_t *>slots.buf
        s.capacity = slots.len // 8
    with nogil:
        while True:
            before = s.end
            s.reason = read_group(&s)
            if s.reason != END or s.end == before:
                break
    PyBuffer_Release(&view)
    if index is not None:
        PyBuffer_Release(&slots)
    return (s.end, s.seq, s.previous, s.ts_ns, s.records, s.groups, s.last_group, s.reason, s.bad)


def later_frame(data, Py_ssize_t start, uint32_t prefix, uint64_t seq):
    """Return where a whole frame of a group that began after seq + 1 lies, or -1."""
    cdef Py_buffer view
    cdef Py_ssize_t at, size, found = -1
    cdef const fks_record *record
    cdef const fks_commit *body
    cdef const uint8_t *bytes_
    cdef uint64_t first
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    bytes_ = <const uint8_t *>view.buf
    with nogil:
        at = (start + 7) & ~7
        while at + HEADER <= view.len:
            record = <const fks_record *>(bytes_ + at)
            size = ((<Py_ssize_t>record.length) + 7) & ~7
            if HEADER <= record.length <= MAX_RECORD and size <= view.len - at:
                first = 0
                if record.kind == COMMIT_KIND:
                    if record.length == COMMIT:
                        body = <const fks_commit *>(bytes_ + at + HEADER)
                        first = body.first_seq
                elif record.flags == FIRST:
                    first = record.seq
                if first > seq + 1 and record_crc(
                    bytes_ + at, size, fks_crc32c(<const uint8_t *>&first, 8, prefix)
                ) == record.crc:
                    found = at
                    break
            at += 8
    PyBuffer_Release(&view)
    return found


def last_nonzero(data, Py_ssize_t start):
    """Return the offset of the last byte from `start` on that is not zero, or -1."""
    cdef Py_buffer view
    cdef Py_ssize_t at, found = -1
    cdef const uint8_t *bytes_
    cdef uint64_t word
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    bytes_ = <const uint8_t *>view.buf
    with nogil:
        at = view.len
        while at - 8 >= start:
            memcpy(&word, bytes_ + at - 8, 8)
            if word:
                break
            at -= 8
        while at > start:
            if bytes_[at - 1]:
                found = at - 1
                break
            at -= 1
    PyBuffer_Release(&view)
    return found
