"""What the compiled desk shows a strategy; included by `_desk.pyx`."""


cdef class Bar:
    """A strategy's view of the bar at which it decides; valid during that call only."""

    cdef const int64_t *_ts
    cdef const int64_t *_open
    cdef const int64_t *_high
    cdef const int64_t *_low
    cdef const int64_t *_close
    cdef const double *_volume
    cdef double _numerator, _denominator
    cdef Py_ssize_t _row
    cdef int64_t _first

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
        return self._first + self._row


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

    def __cinit__(self, features):
        cdef const double[::1] view
        if len(features.columns) > 256:
            raise ValueError("a strategy reads at most 256 features")
        self._kind = values_kind(tuple(features.names))
        self._keep = []
        self._count = 0
        for column in features.columns:
            held = np.ascontiguousarray(column, dtype=np.float64)
            self._keep.append(held)
            view = held
            self._columns[self._count] = &view[0] if view.shape[0] else NULL
            self._count += 1

    cdef object at(self, Py_ssize_t row):
        """Return the tuple of a row; allocated as the subclass at once, without a copy."""
        cdef Py_ssize_t k
        made = PyType_GenericAlloc(<PyTypeObject *>self._kind, self._count)
        for k in range(self._count):
            PyTuple_SET_ITEM(made, k, PyFloat_FromDouble(self._columns[k][row]))
        return made
