"""How a journal fails, each with its stable code."""

from __future__ import annotations

from fks.kernel.errors import Conflict, FksError, Unavailable

__all__ = [
    "JournalAnchors",
    "JournalCorrupt",
    "JournalDiverged",
    "JournalFailed",
    "JournalLocked",
    "JournalTooNew",
    "JournalUnavailable",
    "MirrorRefused",
]


class JournalCorrupt(FksError):
    """The journal is damaged where it had been durable; nothing was changed.

    `path` is the file, `offset` the byte in it, `seq` the last record that is whole before it. The
    exit code is EX_CONFIG of sysexits.h, so that a supervisor does not restart into the damage.
    """

    code = "execution.journal_corrupt"
    exit_code = 78

    def __init__(self, path: str, offset: int, seq: int, why: str) -> None:
        self.path, self.offset, self.seq, self.why = path, offset, seq, why
        super().__init__(
            f"{path} is corrupt at byte {offset}, after record {seq}: {why}; nothing was changed: "
            "restore a backup, or see fks execution journal verify and salvage"
        )


class JournalFailed(Unavailable):
    """The disk failed under the journal; it stopped and must be opened anew."""

    code = "execution.journal_failed"


class JournalUnavailable(Unavailable):
    """The journal takes only cancels and the kill switch, because its disk is full."""

    code = "execution.journal_unavailable"


class JournalLocked(Conflict):
    """Another process writes this journal."""

    code = "execution.journal_locked"


class JournalAnchors(Conflict):
    """The signed anchors of the journal are damaged, of another key, or of two histories."""

    code = "execution.journal_anchors"
    exit_code = 78


class MirrorRefused(Conflict):
    """The mirror is another journal's, or holds records that this one does not have."""

    code = "execution.journal_mirror"
    exit_code = 78


class JournalTooNew(Conflict):
    """The journal holds records of a later version of FKS."""

    code = "execution.journal_too_new"


class JournalDiverged(FksError):
    """Replaying a journal gave another state than the one it was written with."""

    code = "execution.journal_diverged"
    exit_code = 78

    def __init__(self, equal_seq: int, differing_seq: int) -> None:
        self.equal_seq, self.differing_seq = equal_seq, differing_seq
        super().__init__(
            f"the state after record {differing_seq} differs from the one that was journaled; it "
            f"was equal after record {equal_seq}: run the version of FKS that wrote these records"
        )
