"""Drive what was appended to the disk: in a log thread, or in the calling one.

The disk fails in two ways. A full one passes: the group is held and tried again, urgent records
may use the reserve. Everything else is final: the journal stops at once, promises nothing more and
never repeats a sync, because the system may have forgotten the pages that it could not write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from fks.contexts.execution.adapters.journal.buffers import Buffers
from fks.contexts.execution.adapters.journal.keeper import Keeper
from fks.contexts.execution.adapters.journal.writer import Writer
from fks.contexts.execution.domain.journal.failures import JournalFailed, JournalUnavailable

__all__ = ["Pump"]


class Pump:
    """The way of groups to the disk. `on_durable` and `on_failure` run where the disk is."""

    def __init__(
        self,
        buffers: Buffers,
        writer: Writer,
        keeper: Keeper,
        retry_s: float,
        on_durable: Callable[[int], None] | None,
        on_failure: Callable[[JournalFailed], None] | None,
    ) -> None:
        self._buffers, self._writer, self._keeper = buffers, writer, keeper
        self._retry_s = retry_s
        self._on_durable, self._on_failure = on_durable, on_failure
        self._threads: list[threading.Thread] = []
        self._keep = threading.Event()
        self._stopped = False

    @property
    def threaded(self) -> bool:
        """Tell whether a log thread runs."""
        return bool(self._threads)

    def start(self) -> None:
        """Start the log thread and the keeper's."""
        for name, run in (("journal-log", self._run_log), ("journal-keeper", self._run_keeper)):
            thread = threading.Thread(target=run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Write what is left and end the threads. Raises `JournalFailed`, `JournalUnavailable`."""
        buffers = self._buffers
        with buffers.lock:
            buffers.closing = True
            buffers.work.notify_all()
        if self._threads:
            self._threads[0].join()
        self._stopped = True
        self._keep.set()
        for thread in self._threads[1:]:
            thread.join()
        self._threads.clear()
        with buffers.lock:
            while buffers.failure is None and (buffers.held or buffers.filling.records):
                self.write_here()
            buffers.refuse_failed()

    def write_here(self) -> None:
        """Write one group in the calling thread, which has the lock.

        Raises `JournalUnavailable` on a full disk (call again later) and `JournalFailed`.
        """
        buffers = self._buffers
        group = buffers.take()
        try:
            self._writer.write(group, urgent=buffers.urgent)
        except (OSError, JournalFailed) as error:
            raise self._failed_here(error) from error
        durable = buffers.done()
        self._keeper.durable_seq = durable
        if self._on_durable is not None:
            self._on_durable(durable)
        self.keep_here()

    def keep_here(self) -> None:
        """Do the keeper's work in the calling thread. Raises `JournalFailed`."""
        try:
            self._keeper.step()
        except (OSError, JournalFailed) as error:
            raise self._failed_here(error) from error

    def _failed_here(self, error: OSError | JournalFailed) -> JournalFailed:
        failure = _failure(error)
        self._buffers.failure = failure
        if self._on_failure is not None:
            self._on_failure(failure)
        return failure

    def _run_log(self) -> None:
        finished = False
        try:
            self._log()
            finished = True
        except (OSError, JournalFailed) as error:
            self._fail(_failure(error))
            finished = True
        finally:
            if not finished:  # a bug, here or in `on_durable`: stop, and let it be seen
                self._fail(JournalFailed("the log thread has ended"))

    def _log(self) -> None:
        buffers = self._buffers
        while True:
            with buffers.lock:
                group = buffers.wait_for_group()
            if group is None:
                return
            while True:
                try:
                    self._writer.write(group, urgent=buffers.urgent)
                    break
                except JournalUnavailable:
                    self._keep.set()
                    with buffers.lock:
                        buffers.room.notify_all()  # whoever waits for room is refused now
                        if buffers.closing:
                            return
                        buffers.work.wait(self._retry_s)
            with buffers.lock:
                if buffers.failure is not None:
                    return  # the keeper has failed: promise nothing any more
                durable = buffers.done()
            self._keeper.durable_seq = durable
            if self._on_durable is not None:
                self._on_durable(durable)
            if self._keeper.due:
                self._keep.set()

    def _run_keeper(self) -> None:
        try:
            while not self._stopped:
                self._keeper.step()
                self._keep.wait(self._retry_s if self._keeper.low else 2.0)
                self._keep.clear()
        except (OSError, JournalFailed) as error:
            self._fail(_failure(error))

    def _fail(self, failure: JournalFailed) -> None:
        if self._buffers.fail(failure) and self._on_failure is not None:
            self._on_failure(failure)


def _failure(error: OSError | JournalFailed) -> JournalFailed:
    if isinstance(error, JournalFailed):
        return error
    return JournalFailed(f"the disk failed under the journal: {error}")
