"""What each report means in each state of a routed order, as one table.

Reports get lost, come twice and come in any order, so every cell has a meaning. A row is a state,
a column a kind of report; the words are the names of `Step`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from fks.contracts.execution import OrderState, VenueReportKind

__all__ = ["TABLE", "Step"]


class Step(enum.Enum):
    """What is done with a report."""

    IGNORE = "-"  # it tells nothing new: a repeat, or late
    ACK = "ack"  # the venue has it
    FILL = "fill"  # counted once by its trade id, in every state
    END = "end"  # over, open lots are released
    CHANGE = "change"  # amended: lots and price are now those
    KEEP = "keep"  # an amendment was refused: lots and price stay, ask how it stands
    STAY = "stay"  # a cancel was refused: ask how it stands, it may be filled
    DOUBT = "doubt"  # nothing proves what became of it: unknown where it was never acknowledged
    ASK = "ask"  # ask how it stands
    UNSENT = "unsent"  # it never left us, unless the word may be about a later request
    REVIVE = "revive"  # it works, though we took it for over: unless the venue itself ended it
    WRONG = "wrong"  # cannot be: a difference, nothing else changes, ask how it stands


_COLUMNS = (
    VenueReportKind.ACKNOWLEDGED,
    VenueReportKind.REJECTED,
    VenueReportKind.FILLED,
    VenueReportKind.CANCELLED,
    VenueReportKind.EXPIRED,
    VenueReportKind.REPLACED,
    VenueReportKind.CANCEL_REJECTED,
    VenueReportKind.REPLACE_REJECTED,
    VenueReportKind.UNKNOWN,
    VenueReportKind.UNSENT,
    VenueReportKind.CONNECTED,
    VenueReportKind.DISCONNECTED,
)
_ROWS = """
                 ack    rej   fill canc exp  repl   c-rej r-rej unknown unsent conn disc
pending_new      ack    end   fill end  end  change -     -     doubt   unsent ask  doubt
new              -      end   fill end  end  change -     -     ask     wrong  -    -
partially_filled -      wrong fill end  end  change -     -     ask     wrong  -    -
pending_cancel   ack    end   fill end  end  change stay  keep  doubt   unsent ask  doubt
pending_replace  ack    end   fill end  end  change -     keep  doubt   unsent ask  doubt
held             wrong  wrong fill wrong wrong wrong -    -     wrong   -      -    -
unknown          ack    end   fill end  end  change stay  keep  -       unsent ask  -
filled           -      wrong fill -    -    change -     -     -       -      -    -
cancelled        revive -     fill -    -    revive -     -     -       -      -    -
rejected         revive -     fill -    -    revive -     -     -       -      -    -
expired          revive -     fill -    -    revive -     -     -       -      -    -
"""


def _parsed() -> Mapping[tuple[OrderState, VenueReportKind], Step]:
    lines = [line.split() for line in _ROWS.strip().splitlines()[1:]]
    table = {
        (OrderState(name), kind): Step(word)
        for name, *words in lines
        for kind, word in zip(_COLUMNS, words, strict=True)
    }
    assert len(table) == len(OrderState) * len(VenueReportKind), "a cell of the table is empty"
    return table


TABLE = _parsed()
