"""What the compiled desk shows a strategy; included by `_desk.pyx`."""


cdef const void *column(object values, object kind, Py_ssize_t rows, list held) except? NULL:
    """Return where a column of one value a bar begins, and keep it alive in `held`.

    A column of another length would be read past its end, one of a wider type would be cut:
    both are a ValueError.
    """
    cdef Py_buffer view
    made = np.ascontiguousarray(values)
    if made.dtype != kind and np.can_cast(made.dtype, kind):
        made = made.astype(kind)
    if made.dtype != kind or made.shape != (rows,):
        raise ValueError(
            f"{rows} bars need a column of {np.dtype(kind)} and shape ({rows},), "
            f"not {made.dtype} of shape {made.shape}"
        )
    held.append(made)
    PyObject_GetBuffer(made, &view, PyBUF_SIMPLE)
    try:
        return view.buf if rows else NULL
    finally:
        PyBuffer_Release(&view)


cdef class Bar:
    """A strategy's view of the bar at which it decides; it moves on with the next one."""

    cdef const int64_t *_ts
    cdef const int64_t *_open
    cdef const int64_t *_high
    cdef const int64_t *_low
    cdef const int64_t *_close
    cdef const double *_volume
    cdef double _numerator, _denominator
    cdef Py_ssize_t _row, _rows
    cdef int64_t _index
    cdef list _held

    def __cinit__(self, bars):
        cdef Py_ssize_t rows = len(bars)
        self._rows = rows
        self._held = []
        self._ts = <const int64_t *>column(bars.ts_ns, np.int64, rows, self._held)
        self._open = <const int64_t *>column(bars.open_ticks, np.int64, rows, self._held)
        self._high = <const int64_t *>column(bars.high_ticks, np.int64, rows, self._held)
        self._low = <const int64_t *>column(bars.low_ticks, np.int64, rows, self._held)
        self._close = <const int64_t *>column(bars.close_ticks, np.int64, rows, self._held)
        self._volume = <const double *>column(bars.volume, np.float64, rows, self._held)

    @property
    def ts_ns(self):
        """Return the bar's open in UTC nanoseconds."""
        return self._ts[self._row]

    @property
    def open(self):
        """Return the opening price."""
        return self._open[self._row] * self._numerator / self._denominator

    @property
    def high(self):
        """Return the highest price."""
        return self._high[self._row] * self._numerator / self._denominator

    @property
    def low(self):
        """Return the lowest price."""
        return self._low[self._row] * self._numerator / self._denominator

    @property
    def close(self):
        """Return the closing price."""
        return self._close[self._row] * self._numerator / self._denominator

    @property
    def volume(self):
        """Return the volume."""
        return self._volume[self._row]

    @property
    def index(self):
        """Return how many bars this desk saw before it."""
        return self._index


@functools.lru_cache(maxsize=256)
def values_kind(names):
    """Return the named tuple of these features; making the class costs more than many bars."""
    return namedtuple("Values", names)


cdef class Values:
    """Make the named tuple of the features at a row."""

    cdef object _kind
    cdef list _keep
    cdef Py_ssize_t _count
    cdef const double *_columns[256]

    def __cinit__(self, features, Py_ssize_t rows):
        if len(features.columns) > 256 or len(features.columns) != len(features.names):
            raise ValueError("a strategy reads at most 256 features, each by a name")
        self._kind = values_kind(tuple(features.names))
        self._keep = []
        self._count = 0
        for values in features.columns:
            self._columns[self._count] = <const double *>column(
                values, np.float64, rows, self._keep
            )
            self._count += 1

    cdef object at(self, Py_ssize_t row):
        """Return the tuple of a row; allocated as the subclass at once, without a copy."""
        cdef Py_ssize_t k
        made = PyType_GenericAlloc(<PyTypeObject *>self._kind, self._count)
        for k in range(self._count):
            PyTuple_SET_ITEM(made, k, PyFloat_FromDouble(self._columns[k][row]))
        return made
