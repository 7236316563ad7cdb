"""Hand events to listeners: the compiled twin of `dispatch.py`, which explains it.

The contract suite runs on both. What is fast here: listeners are bound once into a tuple and
called by the vectorcall protocol; an event with synchronous listeners needs no queue, no task
and no coroutine; the meta is an object that makes its contents only when they are read.
"""

from collections import deque

cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_XDECREF


cdef extern from "Python.h":
    PyObject* PyObject_Vectorcall(object call, PyObject** arguments, size_t count, PyObject* names)
    size_t PY_VECTORCALL_ARGUMENTS_OFFSET
    PyObject* PyDict_GetItem(object table, object key)
    PyObject* Py_None


cdef extern from *:
    """
    static int fks_pending(void) { return -1; }
    """
    int fks_pending() except -1


cdef class Done:
    """An awaitable that is done; also a coroutine, so that a task can be made of it."""

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration

    def send(self, value):
        """End at once."""
        raise StopIteration

    def throw(self, kind, value=None, trace=None):
        """Raise what is thrown in."""
        raise kind

    def close(self):
        """There is nothing to close."""


DONE = Done()


@cython.freelist(64)
@cython.final
cdef class LazyMeta:
    """Where a message came from, made when it is read; see `dispatch.LazyMeta`."""

    cdef object _origin
    cdef object _id
    cdef object _at_ns
    cdef object _correlation_id
    cdef readonly str caused_by
    cdef readonly str traceparent

    def __init__(self, origin, cause=None, str traceparent=""):
        self._origin = origin
        self.caused_by = ""
        self.traceparent = traceparent
        if cause is not None:
            self.caused_by = cause.id
            self._correlation_id = cause.correlation_id
            self.traceparent = traceparent or cause.traceparent

    @property
    def id(self):
        """Return the id of the message."""
        if self._id is None:
            self._id = self._origin.new_id()
        return self._id

    @property
    def at_ns(self):
        """Return when it was published, UTC nanoseconds."""
        if self._at_ns is None:
            self._at_ns = self._origin.now_ns()
        return self._at_ns

    @property
    def source(self):
        """Return the process it comes from."""
        return self._origin.source

    @property
    def correlation_id(self):
        """Return the id shared by everything one cause set off."""
        if self._correlation_id is None:
            self._correlation_id = self.id
        return self._correlation_id


@cython.final
cdef class Topic:
    """The listeners of one kind of event, and what happened to its events."""

    cdef readonly str name
    cdef readonly object kind
    cdef readonly tuple calls
    cdef readonly tuple listeners
    cdef public bint slow
    cdef public long long published
    cdef public long long delivered
    cdef public long long failed
    cdef public long long dead

    def __init__(self, str name, kind):
        self.name = name
        self.kind = kind
        self.calls = ()
        self.listeners = ()

    def add(self, listener):
        """Append a listener: an object with `call`."""
        self.listeners += (listener,)
        self.calls += (listener.call,)


@cython.final
cdef class Item:
    """An event in the queue; `index` is the listener that comes next."""

    cdef readonly object topic
    cdef readonly object event
    cdef readonly object meta
    cdef public object ticket
    cdef public object track
    cdef public object awaitable
    cdef public int index

    def __init__(self, topic, event, meta, ticket=None, track=None):
        self.topic = topic
        self.event = event
        self.meta = meta
        self.ticket = ticket
        self.track = track


cdef class Dispatcher:
    """The synchronous half of the bus; `bus` is the asynchronous one. See `dispatch.py`."""

    cdef readonly dict topics
    cdef readonly object queue
    cdef readonly str source
    cdef public bint busy
    cdef public bint inside
    cdef public bint careful
    cdef public object ticket
    cdef public object recording
    cdef public object verify
    cdef object _bus
    cdef object _clock
    cdef object _ids

    def __init__(self, bus, clock, ids, str source):
        self.topics = {}
        self.queue = deque()
        self.source = source
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def new_id(self):
        """Return a new sortable id."""
        return self._ids.new()

    def now_ns(self):
        """Return the wall clock in UTC nanoseconds."""
        return self._clock.now_ns()

    def publish(self, event, *, cause=None):
        """Publish one event; return an awaitable that ends with its consequences."""
        cdef Topic topic
        if self.inside:
            self._bus.enqueue(event, cause, self.ticket)
            return DONE
        if self.busy or self.careful or (self.recording is not None and self.recording()):
            return self._bus.publish_queued((event,), cause)
        if self.verify is not None:
            event = self.verify(event)
        topic = self._topic(event)
        topic.published += 1
        cdef LazyMeta meta = LazyMeta(self, cause) if cause is not None else self._root()
        if self._run(topic, event, meta):
            return DONE
        return self._bus.wait(self.ticket)

    def publish_many(self, events, *, cause=None):
        """Publish events in order; return an awaitable that ends with their consequences."""
        cdef Topic topic
        cdef LazyMeta meta
        if self.inside:
            for event in events:
                self._bus.enqueue(event, cause, self.ticket)
            return DONE
        if self.busy or self.careful or (self.recording is not None and self.recording()):
            return self._bus.publish_queued(events, cause)
        rest = iter(events)
        for event in rest:
            if self.verify is not None:
                event = self.verify(event)
            topic = self._topic(event)
            topic.published += 1
            meta = LazyMeta(self, cause) if cause is not None else self._root()
            if not self._run(topic, event, meta):
                return self._bus.publish_queued(rest, cause, self.ticket)
        return DONE

    cdef inline LazyMeta _root(self):
        """Return the meta of an event without a cause."""
        cdef LazyMeta meta = LazyMeta.__new__(LazyMeta)
        meta._origin = self
        meta.caused_by = ""
        meta.traceparent = ""
        return meta

    cdef inline Topic _topic(self, event):
        """Return the topic of an event."""
        cdef PyObject* found = PyDict_GetItem(self.topics, type(event))
        if found != NULL:
            return <Topic>found
        return self._bus.topic_for(type(event))

    cdef bint _run(self, Topic topic, event, LazyMeta meta) except -1:
        """Run an event and all it causes; return whether that was possible here.

        If not, the rest is in the queue and the pump has been woken; `ticket` waits for it.
        """
        cdef Item item
        self.ticket = None
        if not self._listeners(topic, event, meta, None, 0):
            return False
        while self.queue:
            item = self.queue.popleft()
            if not self._listeners(item.topic, item.event, item.meta, item.track, item.index):
                return False
        return True

    cdef bint _listeners(self, Topic topic, event, meta, track, int index) except -1:
        """Call the listeners of one event; return whether all have run."""
        cdef tuple calls = topic.calls
        cdef Py_ssize_t number, count = len(calls)
        cdef PyObject* arguments[3]  # the first place is for the `self` of a bound method
        cdef PyObject* result
        cdef Item item
        if topic.slow:
            self._hand_over(Item(topic, event, meta, None, track))
            return False
        arguments[0] = NULL
        arguments[1] = <PyObject*>event
        arguments[2] = <PyObject*>meta
        self.inside = True
        for number in range(count):
            result = PyObject_Vectorcall(
                calls[number], arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL
            )
            if result == Py_None:
                Py_DECREF(<object>result)
                topic.delivered += 1
            elif result == NULL:
                try:
                    fks_pending()
                except Exception as error:
                    self._bus.failed(Item(topic, event, meta, None, track), number, error)
                except BaseException:
                    self.inside = False
                    raise
            else:
                item = Item(topic, event, meta, None, track)
                item.index = number
                item.awaitable = <object>result
                Py_XDECREF(result)
                self.inside = False
                self._hand_over(item)
                return False
        self.inside = False
        return True

    cdef int _hand_over(self, Item item) except -1:
        """Leave an item and all that is queued to the pump."""
        self.queue.appendleft(item)
        self.busy = True
        self.ticket = self._bus.take_over()
        return 0
