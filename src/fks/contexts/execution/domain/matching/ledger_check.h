/* The pre-trade controls: one quick answer for the order that passes, one exact list for the rest.

   ledger_check compares an order that is priced with what the led row may rise to (LedgerQuick); an
   order within all of that passes. Where that is not known yet, it is worked out. Any other order
   goes to ledger_figures, which lists every control in the order of the rules with its figure and
   its limit. The first that fails is the reason, and
   the list is what a what-if shows, so the two cannot say different things. */
#ifndef FKS_LEDGER_CHECK_H
#define FKS_LEDGER_CHECK_H
#include "ledger.h"

enum { L_MARKET, L_LIMIT, L_STOP, L_STOP_LIMIT, L_TOUCHED, L_LIMIT_TOUCHED, L_MARKET_TO_LIMIT,
       L_TRAILING, L_TRAILING_LIMIT }; /* OrderKind */
enum { LEDGER_PRICED = 0x12a, LEDGER_STOPPED = 0x1bc }; /* kinds with a price, with a stop */
enum { L_POST_ONLY = 1, L_REDUCE_ONLY = 2 }; /* Flag */
enum { LEDGER_FIGURES = 24 }; /* room that is always enough */

typedef struct { int64_t used, limit; int32_t reason, passes; } LedgerFigure;

typedef struct {
    int64_t now, price, stop, lots, old_lots, old_price;
    uint32_t account, instrument, strategy;
    int side, kind, flags;
} LedgerOrder;

static inline int64_t ledger_within(const LedgerInstrument *i, ledger_wide ticks) {
    if (ticks > i->value[I_MAX_TICKS]) return i->value[I_MAX_TICKS];
    if (ticks < i->value[I_MIN_TICKS]) return i->value[I_MIN_TICKS];
    return (int64_t)ticks;
}

/* The price at which an order is held; of a market order, the furthest at which it may trade. */
static inline int64_t ledger_hold_price(const Ledger *L, uint32_t instrument, int side, int kind,
                                        int64_t price, int64_t stop) {
    const LedgerInstrument *i = L->instrument + instrument;
    int64_t collar, from;
    if (kind == L_LIMIT || !ledger_known_instrument(L, instrument)) return price;
    collar = i->value[I_COLLAR_TICKS];
    switch (kind) {
    case L_STOP_LIMIT: case L_LIMIT_TOUCHED: return price;
    case L_STOP: case L_TOUCHED:
        return (i->has_reference || i->has_last) && i->anchor > stop ? i->anchor : stop;
    case L_TRAILING: case L_TRAILING_LIMIT:
        if (!i->has_last && !i->has_reference) return i->value[I_MAX_TICKS];
        from = i->has_last ? i->last : i->reference;
        if (side) return ledger_within(i, from);
        return ledger_within(i, (ledger_wide)from + stop + (kind == L_TRAILING_LIMIT ? price : 0));
    default:
        if (collar == LEDGER_UNLIMITED || !(i->has_reference || i->has_last))
            return i->value[side ? I_MIN_TICKS : I_MAX_TICKS];
        return ledger_within(i, side ? (ledger_wide)i->anchor - collar
                                     : (ledger_wide)i->anchor + collar);
    }
}

/* --- the rate: a bucket of one second's worth, in parts of a billion of an order ------------- */

/* What a bucket holds at `now`; each ns adds exactly `rate` parts. */
static inline int64_t ledger_level(int64_t level, int64_t since, int64_t rate, int64_t now) {
    int64_t most = rate * LEDGER_PARTS;
    if (now <= since) return level;
    if ((uint64_t)now - (uint64_t)since >= (uint64_t)LEDGER_PARTS) return most;
    level += rate * (now - since);
    return level < most ? level : most;
}

static inline LedgerStrategy *ledger_strategy(const Ledger *L, uint32_t strategy) {
    return strategy && strategy < L->strategies ? L->strategy + strategy : 0;
}

static inline int ledger_limited(const LedgerStrategy *s) {
    return s && s->rate != 0 && s->rate != LEDGER_UNLIMITED;
}

/* Take one order out of the account's bucket and one out of the strategy's, if both have one. */
static inline int ledger_take(Ledger *L, LedgerAccount *a, uint32_t strategy, int64_t now) {
    LedgerStrategy *s = ledger_strategy(L, strategy);
    int64_t rate = a->value[A_ORDERS_PER_SECOND];
    int waived = rate == LEDGER_UNLIMITED, limited = ledger_limited(s);
    if (!waived && now > a->level_ns) {
        a->level = ledger_level(a->level, a->level_ns, rate, now);
        a->level_ns = now;
    }
    if (limited && now > s->level_ns) {
        s->level = ledger_level(s->level, s->level_ns, s->rate, now);
        s->level_ns = now;
    }
    if ((!waived && a->level < LEDGER_PARTS) || (limited && s->level < LEDGER_PARTS)) return 0;
    if (!waived) a->level -= LEDGER_PARTS;
    if (limited) s->level -= LEDGER_PARTS;
    return 1;
}

/* --- the exact list -------------------------------------------------------------------------- */

static inline LedgerFigure *ledger_say(LedgerFigure *f, int reason, ledger_wide used,
                                       int64_t limit, int passes) {
    f->reason = reason; f->used = ledger_clamp(used); f->limit = limit; f->passes = passes;
    return f + 1;
}

/* a figure that passes up to its limit, when waived, and where the order does not raise it */
static inline LedgerFigure *ledger_cap(LedgerFigure *f, int reason, ledger_wide used,
                                       int64_t limit, int excused) {
    return ledger_say(f, reason, used, limit,
                      limit == LEDGER_UNLIMITED || used <= limit || excused);
}

/* Orders taken out of a bucket in its second, this one with them. */
static inline LedgerFigure *ledger_rate_figure(LedgerFigure *f, int64_t rate, int64_t level,
                                               int64_t since, int64_t now, int taken) {
    if (rate == LEDGER_UNLIMITED) return ledger_say(f, R_MSG_RATE, 0, rate, 1);
    if (taken < 0) level = ledger_level(level, since, rate, now);
    ledger_wide gone = (ledger_wide)rate * LEDGER_PARTS - level;
    return ledger_cap(f, R_MSG_RATE, ledger_upwards(gone, LEDGER_PARTS) + (taken != 1), rate, 0);
}

/* 09 and 10: is the price in reach of a mark that is fresh? */
LEDGER_COLD LedgerFigure *ledger_price_figures(const LedgerInstrument *i, const LedgerOrder *o,
                                               int lowers, LedgerFigure *f) {
    int64_t collar = i->value[I_COLLAR_TICKS], stale = i->value[I_STALE_NS];
    int marked = i->has_reference || i->has_last;
    ledger_wide beyond = 0, age;
    int bold = !(o->flags & L_POST_ONLY), passes = 1;
    switch (o->kind) {
    case L_LIMIT: if (marked) beyond = (ledger_wide)o->price - i->anchor; break;
    case L_STOP_LIMIT: case L_LIMIT_TOUCHED: beyond = (ledger_wide)o->price - o->stop; break;
    case L_TRAILING_LIMIT: beyond = o->price; break;
    default: break;
    }
    if (o->side && o->kind != L_TRAILING_LIMIT) beyond = -beyond;
    f = ledger_cap(f, R_PRICE_COLLAR, beyond, collar, 0);
    if (o->kind == L_LIMIT && marked && beyond < 0) bold = 0; /* it waits on its own side */
    age = i->has_reference ? (ledger_wide)o->now - i->reference_ns : INT64_MAX;
    if (stale != LEDGER_UNLIMITED && (!i->has_reference || age > stale)) passes = 0;
    if (collar != LEDGER_UNLIMITED && !marked) passes = 0;
    if (!bold || lowers || (o->flags & L_REDUCE_ONLY)) passes = 1;
    return ledger_say(f, R_STALE_REFERENCE, age < 0 ? 0 : age, stale, passes);
}

/* 14: the share of equity in one instrument. */
LEDGER_COLD LedgerFigure *ledger_share_figure(const LedgerAccount *a, ledger_wide gross,
                                              int excused, LedgerFigure *f) {
    ledger_wide equity = a->cash + a->profit, share = gross ? INT64_MAX : 0;
    int64_t most = a->value[A_MAX_CONCENTRATION_PPB];
    if (equity > 0) share = ledger_upwards(gross * LEDGER_PARTS, equity);
    return ledger_say(f, R_CONCENTRATION, share, most, most == LEDGER_UNLIMITED || excused
                      || gross * LEDGER_PARTS <= equity * most);
}

/* What the order would make of its row, and by how much more the row would count. */
typedef struct {
    int64_t gross, value, open, lots;
    ledger_wide more, need;
} LedgerAfter;

/* 1, or 0 where it is too large to be held */
LEDGER_COLD int ledger_after(const LedgerInstrument *i, const LedgerRow *r, const LedgerOrder *o,
                             int64_t hold, LedgerAfter *z) {
    LedgerRow then = *r;
    int side = o->side;
    int64_t fresh, marked;
    if (!ledger_worth(i, o->lots, hold, &fresh) || fresh > LEDGER_HOLD_MOST) return 0;
    ledger_left(i, o->old_lots, o->old_price, &then.open[side], &then.held[side]);
    then.open[side] += o->lots;
    then.held[side] += fresh;
    if (then.open[side] > LEDGER_LOTS_MOST || then.held[side] > LEDGER_HOLD_MOST
        || __builtin_mul_overflow(then.open[side], i->mark[side], &marked)
        || marked > LEDGER_HOLD_MOST) return 0;
    then.worth[side] = marked > then.held[side] ? marked : then.held[side];
    marked = o->lots * i->mark[side];
    z->value = marked > fresh ? marked : fresh;
    z->gross = ledger_gross(&then, then.worth);
    z->open = then.open[side];
    z->lots = then.open[side] - r->open[side];
    z->more = (ledger_wide)then.worth[side] - r->worth[side];
    z->need = ledger_need(i, z->gross, (ledger_wide)then.worth[0] + then.worth[1],
                          then.open[0] + then.open[1])
        - ledger_need(i, ledger_gross(r, r->worth), (ledger_wide)r->worth[0] + r->worth[1],
                      r->open[0] + r->open[1]);
    return 1;
}

/* 11 to 15: what the account would have. */
LEDGER_COLD LedgerFigure *ledger_stock_figures(const LedgerAccount *a, const LedgerRow *r,
                                               const LedgerOrder *o, const LedgerAfter *z,
                                               int lowers, LedgerFigure *f) {
    const int64_t *limit = a->value;
    ledger_wide equity = a->cash + a->profit, need = a->need + z->need, net;
    int64_t gross = ledger_gross(r, r->worth);
    int larger = z->gross > gross, waived = limit[A_CHECK_MARGIN] == LEDGER_UNLIMITED;
    f = ledger_say(f, R_BUYING_POWER, ledger_upwards(need, LEDGER_PARTS),
                   waived ? LEDGER_UNLIMITED : ledger_clamp(equity),
                   waived || lowers || z->need <= 0 || need <= equity * LEDGER_PARTS);
    f = ledger_cap(f, R_EXPOSURE, a->gross - gross + z->gross, limit[A_MAX_GROSS_NANOS],
                   lowers || !larger);
    net = o->side ? a->side[1] - a->exposure : a->side[0] + a->exposure;
    f = ledger_cap(f, R_EXPOSURE, net + z->more, limit[A_MAX_NET_NANOS], lowers || z->more <= 0);
    f = ledger_cap(f, R_POSITION_LIMIT, z->open + (o->side ? -r->position : r->position),
                   r->max_position_lots, lowers || z->lots <= 0);
    f = ledger_share_figure(a, z->gross, lowers || !larger, f);
    f = ledger_cap(f, R_OPEN_ORDERS, (ledger_wide)a->open_orders + !o->old_lots,
                   limit[A_MAX_OPEN_ORDERS], o->old_lots != 0);
    return ledger_cap(f, R_OPEN_ORDERS, (ledger_wide)r->open_orders + !o->old_lots,
                      limit[A_MAX_OPEN_ORDERS_INSTRUMENT], o->old_lots != 0);
}

/* 01, 03 and 43. */
LEDGER_COLD LedgerFigure *ledger_state_figures(const Ledger *L, const LedgerInstrument *i,
                                               const LedgerAccount *a, const LedgerRow *r,
                                               const LedgerOrder *o, int lowers, LedgerFigure *f) {
    const LedgerStrategy *s = ledger_strategy(L, o->strategy);
    int64_t gate = L->strategy[0].gate;
    int missing = a->missing + i->missing + !r->max_order_lots + !r->max_position_lots;
    if (a->value[A_GATE] > gate) gate = a->value[A_GATE];
    if (i->value[I_GATE] > gate) gate = i->value[I_GATE];
    if (s && s->gate > gate) gate = s->gate;
    if (a->value[A_CHECK_MARGIN] == 1) missing += !i->value[I_INITIAL_MARGIN_PPB];
    f = ledger_say(f, R_TRADING_STATE, gate, 0, gate == 0 || (gate == 1 && lowers));
    f = ledger_say(f, R_RESTRICTED, i->value[I_RESTRICTED], 0, !i->value[I_RESTRICTED]);
    return ledger_say(f, R_LIMIT_MISSING, missing, 0, !missing);
}

/* Every control in order, each with its figure; ends early where the next ones would mean nothing.
   `taken`: 1 or 0 as ledger_take said, -1 to look at the buckets without touching them. */
LEDGER_COLD int ledger_figures(Ledger *L, const LedgerOrder *o, int taken,
                               LedgerFigure *out) {
    LedgerFigure *f = out;
    const LedgerInstrument *i = L->instrument + o->instrument;
    LedgerAccount *a = L->account + o->account;
    const LedgerStrategy *s = ledger_strategy(L, o->strategy);
    const LedgerRow *r;
    LedgerAfter z;
    int64_t rest, most = LEDGER_TICKS_MOST;
    int lowers;
    if (!ledger_known_instrument(L, o->instrument))
        return (int)(ledger_say(f, R_UNKNOWN_INSTRUMENT, o->instrument, 0, 0) - out);
    if (!ledger_known_account(L, o->account))
        return (int)(ledger_say(f, R_UNKNOWN_ACCOUNT, o->account, 0, 0) - out);
    int64_t price = o->kind < 0 || !(LEDGER_PRICED >> (o->kind & 15) & 1) ? 0 : o->price;
    int64_t stop = o->kind < 0 || !(LEDGER_STOPPED >> (o->kind & 15) & 1) ? 0 : o->stop;
    if (o->lots < 1 || o->lots > LEDGER_ORDER_MOST || o->old_lots < 0
        || o->old_lots > LEDGER_LOTS_MOST || price > most || price < -most || stop > most
        || stop < -most || (unsigned)o->side > 1 || (unsigned)o->kind > L_TRAILING_LIMIT)
        return (int)(ledger_say(f, R_INVALID_ORDER, 0, 0, 0) - out);
    ledger_rest(L, a);
    r = ledger_row(L, o->account, o->instrument);
    rest = r->open[o->side] - o->old_lots;
    rest = (rest < 0 ? 0 : rest) + o->lots;
    lowers = o->side ? r->position >= rest : -r->position >= rest;
    f = ledger_state_figures(L, i, a, r, o, lowers, f);
    if (!f[-1].passes) return (int)(f - out);
    f = ledger_cap(f, R_MAX_QTY, o->lots, i->value[I_MAX_LOTS], 0);
    f = ledger_cap(f, R_MAX_QTY, o->lots, r->max_order_lots, 0);
    if (!ledger_after(i, r, o, ledger_hold_price(L, o->instrument, o->side, o->kind, o->price,
                                                 o->stop), &z))
        return (int)(ledger_say(f, R_OVERFLOW, 0, 0, 0) - out);
    f = ledger_cap(f, R_MAX_NOTIONAL, z.value, a->value[A_MAX_ORDER_NANOS], 0);
    f = ledger_price_figures(i, o, lowers, f);
    f = ledger_stock_figures(a, r, o, &z, lowers, f);
    f = ledger_rate_figure(f, a->value[A_ORDERS_PER_SECOND], a->level, a->level_ns, o->now, taken);
    if (ledger_limited(s))
        f = ledger_rate_figure(f, s->rate, s->level, s->level_ns, o->now, taken);
    f = ledger_cap(f, R_DAY_ACCUMULATED, a->day_nanos + a->side[0] + a->side[1] + z.more,
                   a->value[A_MAX_DAY_NANOS], z.more <= 0);
    f = ledger_cap(f, R_DAY_ACCUMULATED, (ledger_wide)a->day_lots + a->open_lots + z.lots,
                   a->value[A_MAX_DAY_LOTS], z.lots <= 0);
    return (int)(f - out);
}

/* What an account uses now of each limit that is used up by what it has and asked for. */
LEDGER_COLD int ledger_use(Ledger *L, uint32_t account, uint32_t instrument,
                           LedgerFigure *out) {
    LedgerFigure *f = out;
    if (!ledger_known_instrument(L, instrument) || !ledger_known_account(L, account)) return 0;
    LedgerAccount *a = L->account + account;
    const LedgerRow *r = ledger_row(L, account, instrument);
    ledger_rest(L, a);
    const int64_t *limit = a->value;
    ledger_wide up = a->side[0] + a->exposure, down = a->side[1] - a->exposure;
    int64_t bought = r->position + r->open[0], sold = r->open[1] - r->position;
    f = ledger_cap(f, R_BUYING_POWER, ledger_upwards(a->need, LEDGER_PARTS),
                   limit[A_CHECK_MARGIN] == LEDGER_UNLIMITED ? LEDGER_UNLIMITED
                       : ledger_clamp(a->cash + a->profit), 0);
    f = ledger_cap(f, R_EXPOSURE, a->gross, limit[A_MAX_GROSS_NANOS], 0);
    f = ledger_cap(f, R_EXPOSURE, up > down ? up : down, limit[A_MAX_NET_NANOS], 0);
    f = ledger_cap(f, R_POSITION_LIMIT, bought > sold ? bought : sold, r->max_position_lots, 0);
    f = ledger_share_figure(a, ledger_gross(r, r->worth), 0, f);
    f = ledger_cap(f, R_OPEN_ORDERS, a->open_orders, limit[A_MAX_OPEN_ORDERS], 0);
    f = ledger_cap(f, R_OPEN_ORDERS, r->open_orders, limit[A_MAX_OPEN_ORDERS_INSTRUMENT], 0);
    f = ledger_rate_figure(f, limit[A_ORDERS_PER_SECOND], a->level, 0, 0, 1);
    f = ledger_cap(f, R_DAY_ACCUMULATED, a->day_nanos + a->side[0] + a->side[1],
                   limit[A_MAX_DAY_NANOS], 0);
    f = ledger_cap(f, R_DAY_ACCUMULATED, (ledger_wide)a->day_lots + a->open_lots,
                   limit[A_MAX_DAY_LOTS], 0);
    return (int)(f - out);
}

LEDGER_COLD int ledger_refusal(Ledger *L, const LedgerOrder *o, int taken) {
    LedgerFigure figures[LEDGER_FIGURES];
    int n = ledger_figures(L, o, taken, figures);
    for (int k = 0; k < n; k++)
        if (!figures[k].passes) return figures[k].reason;
    return R_NONE;
}

/* --- the quick answer ------------------------------------------------------------------------ */

/* Of the led row: what follows from limits, gates and marks alone. */
LEDGER_COLD void ledger_term(const Ledger *L, LedgerAccount *a) {
    const LedgerInstrument *i = L->instrument + a->led_in;
    const LedgerRow *r = a->led;
    LedgerQuick *q = &a->quick;
    const int64_t *limit = a->value, *v = i->value;
    int64_t most = v[I_MAX_LOTS] < r->max_order_lots ? v[I_MAX_LOTS] : r->max_order_lots;
    if (most > LEDGER_ORDER_MOST) most = LEDGER_ORDER_MOST;
    if (a->missing || i->missing || !r->max_position_lots || limit[A_GATE] || v[I_GATE]
        || L->strategy[0].gate || v[I_RESTRICTED]
        || (limit[A_CHECK_MARGIN] == 1 && !v[I_INITIAL_MARGIN_PPB])) most = 0;
    q->nanos = limit[A_MAX_ORDER_NANOS] < LEDGER_HOLD_MOST ? limit[A_MAX_ORDER_NANOS]
                                                           : LEDGER_HOLD_MOST;
    q->most[0] = q->most[1] = most;
    if (i->mark[1] && q->nanos / i->mark[1] < most) q->most[1] = q->nanos / i->mark[1];
    q->orders = limit[A_MAX_OPEN_ORDERS];
    q->row_orders = limit[A_MAX_OPEN_ORDERS_INSTRUMENT];
    q->price_of_loss = 0;
    if (limit[A_CHECK_MARGIN] != LEDGER_UNLIMITED) /* without margin any loss may be too much */
        q->price_of_loss = i->inverse ? LEDGER_PARTS / (i->margin + 2 * i->fee) + 1 : INT64_MAX;
    if (limit[A_MAX_CONCENTRATION_PPB] != LEDGER_UNLIMITED
        && limit[A_MAX_CONCENTRATION_PPB] / LEDGER_PARTS >= q->price_of_loss)
        q->price_of_loss = limit[A_MAX_CONCENTRATION_PPB] / LEDGER_PARTS + 1;
    q->termed = 1;
}

/* The gross that margin and fees allow, or a little less: nothing is divided. Both sides together
   are worth no more than twice the gross. `lots` open are paid for. */
static inline ledger_wide ledger_afford(const LedgerAccount *a, const LedgerInstrument *i,
                                        ledger_wide equity, int64_t lots) {
    ledger_wide room = equity * LEDGER_PARTS - a->need - i->lot_fee * lots;
    if (room < 0) return -1 - LEDGER_VALUE_MOST;
    if (!i->inverse) return (ledger_wide)1 << 126;
    room >>= 30;
    return (room > INT64_MAX ? INT64_MAX : room) * i->inverse >> 32;
}

/* Of the led row: up to where nothing denies. What is kept for fees by the lot allows for twice the
   lots that are open, and 1,024 more; beyond that it is worked out anew. */
LEDGER_COLD void ledger_bind(const Ledger *L, LedgerAccount *a) {
    const LedgerInstrument *i = L->instrument + a->led_in;
    const LedgerRow *r = a->led;
    LedgerQuick *q = &a->quick;
    const int64_t *limit = a->value;
    ledger_wide equity = (ledger_wide)a->cash + a->profit + ledger_profit(i, r);
    ledger_wide cap = LEDGER_VALUE_MOST, afford, total = INT64_MAX, lots = INT64_MAX;
    if (!q->termed) ledger_term(L, a);
    if (limit[A_MAX_DAY_NANOS] != LEDGER_UNLIMITED)
        total = (ledger_wide)limit[A_MAX_DAY_NANOS] - a->day_nanos - a->side[0] - a->side[1];
    if (limit[A_MAX_DAY_LOTS] != LEDGER_UNLIMITED)
        lots = (ledger_wide)limit[A_MAX_DAY_LOTS] - a->day_lots - a->open_lots;
    if (limit[A_CHECK_MARGIN] != LEDGER_UNLIMITED) {
        int64_t paid = i->lot_fee ? 2 * (r->open[0] + r->open[1]) + 1024 : 0;
        if (i->lot_fee && lots > paid) lots = paid;
        afford = ledger_afford(a, i, equity, paid);
        if (afford < cap) cap = afford;
    }
    if (limit[A_MAX_CONCENTRATION_PPB] != LEDGER_UNLIMITED) {
        afford = equity * limit[A_MAX_CONCENTRATION_PPB] >> 30; /* a little more than a billion */
        if (afford < cap) cap = afford;
    }
    if (limit[A_MAX_GROSS_NANOS] != LEDGER_UNLIMITED && limit[A_MAX_GROSS_NANOS] - a->gross < cap)
        cap = limit[A_MAX_GROSS_NANOS] - a->gross;
    q->total = ledger_clamp(total);
    q->total_lots = ledger_clamp(lots);
    for (int side = 0; side < 2; side++) {
        int64_t sign = side ? -1 : 1;
        ledger_wide net = cap - sign * r->exposure;
        if (limit[A_MAX_NET_NANOS] != LEDGER_UNLIMITED) {
            ledger_wide room = limit[A_MAX_NET_NANOS] - a->side[side]
                - sign * (a->exposure + r->exposure);
            if (room < net) net = room;
        }
        q->worth[side] = net < LEDGER_HOLD_MOST ? ledger_clamp(net) : LEDGER_HOLD_MOST;
        net = (ledger_wide)r->max_position_lots - sign * r->position;
        if (r->max_position_lots == LEDGER_UNLIMITED || net > LEDGER_LOTS_MOST)
            net = LEDGER_LOTS_MOST;
        q->open[side] = (int64_t)net;
        q->lots[side] = q->most[side];
    }
    q->tight = 1;
}

/* 1 where a limit stays on its own side of the anchor: no fresh reference is asked of it */
static inline int ledger_waits(const LedgerInstrument *i, int side, int64_t price) {
    return (i->has_reference || i->has_last) && (side ? price > i->anchor : price < i->anchor);
}

typedef struct { int64_t open, held, worth; } LedgerSide; /* of a row */

/* 1 where an order in the led row passes every control but the rate for sure; ledger_hold would take
   it too. `z`: its side, without what it replaces, and then with it. No sum here leaves 64 bits. */
static inline int ledger_quick(const LedgerAccount *a, const LedgerInstrument *i,
                               const LedgerRow *r, int64_t now, int side, int64_t price,
                               int64_t lots, LedgerSide *z, int limit, int fresh_order) {
    const LedgerQuick *q = &a->quick;
    int64_t worth, other = r->worth[!side];
    if (!LEDGER_LIKELY((uint64_t)(lots - 1) < (uint64_t)q->lots[side]
                       && (uint64_t)price - (uint64_t)i->low[side] < (uint64_t)i->span[side]
                       && (now <= i->fresh_ns || (limit && ledger_waits(i, side, price)))
                       && !__builtin_mul_overflow(ledger_size(price), lots, &worth)
                       && !__builtin_mul_overflow(worth, i->value[I_UNIT_NANOS], &worth)
                       && worth <= q->nanos)) return 0;
    z->open += lots;
    z->held += worth;
    if (__builtin_mul_overflow(z->open, i->mark[side], &worth)) return 0;
    z->worth = worth > z->held ? worth : z->held;
    return z->worth <= q->worth[side] && other <= q->worth[!side] && z->open <= q->open[side]
        && z->worth + other <= q->total && z->open + r->open[!side] <= q->total_lots
        && (!fresh_order || (a->open_orders < q->orders && r->open_orders < q->row_orders));
}

/* 1 where an order passes every control but the rate for sure; its row is the led one. */
static inline int ledger_passes(const Ledger *L, const LedgerAccount *a, int64_t now,
                                uint32_t instrument, uint32_t strategy, int side, int kind,
                                int64_t price, int64_t lots, int64_t old_lots, int64_t old_price) {
    const LedgerInstrument *i = L->instrument + instrument;
    const LedgerStrategy *s = ledger_strategy(L, strategy);
    const LedgerRow *r = a->led;
    LedgerSide z;
    if (!LEDGER_LIKELY((unsigned)side < 2 && !(s && s->gate)
                       && (kind == L_LIMIT || kind == L_MARKET))) return 0;
    z.open = r->open[side];
    z.held = r->held[side];
    if (kind == L_MARKET) price = ledger_hold_price(L, instrument, side, kind, price, 0);
    if (old_lots) ledger_left(i, old_lots, old_price, &z.open, &z.held);
    return old_lots >= 0 && old_lots <= LEDGER_LOTS_MOST
        && ledger_quick(a, i, r, now, side, price, lots, &z, kind == L_LIMIT, !old_lots);
}

/* The quick answer is not known or is no: lead and bind the row and ask again, or ask the list. */
LEDGER_COLD int ledger_decide(Ledger *L, const LedgerOrder *o, int taken) {
    if (taken) {
        LedgerAccount *a = L->account + o->account;
        if (a->led != ledger_row(L, o->account, o->instrument))
            ledger_lead(L, o->account, o->instrument);
        if (!a->quick.tight) {
            ledger_bind(L, a);
            if (LEDGER_LIKELY(ledger_passes(L, a, o->now, o->instrument, o->strategy, o->side,
                                            o->kind, o->price, o->lots, o->old_lots,
                                            o->old_price))) return R_NONE;
        }
    }
    return ledger_refusal(L, o, taken);
}

LEDGER_COLD int ledger_enter_late(Ledger *L, const LedgerOrder *o, int taken) {
    int why = ledger_decide(L, o, taken);
    if (!why) why = ledger_hold(L, o->account, o->instrument, o->strategy, o->side, o->lots,
                                o->price);
    if (!why) ledger_opened(L, o->account, o->instrument, 1);
    return why;
}

/* A new limit order checked, held and counted as open in one go: 0, or the Reason, and then only the
   rate buckets have changed. Account, instrument and side are known to be there. */
static inline int ledger_enter(Ledger *L, int64_t now, uint32_t account, uint32_t instrument,
                               uint32_t strategy, int side, int flags, int64_t price,
                               int64_t lots) {
    LedgerAccount *a = L->account + account;
    const LedgerInstrument *i = L->instrument + instrument;
    LedgerRow *r = ledger_row(L, account, instrument);
    const LedgerStrategy *s = ledger_strategy(L, strategy);
    LedgerSide z = {r->open[side], r->held[side], 0};
    int taken = ledger_take(L, a, strategy, now);
    if (LEDGER_LIKELY(taken && a->led == r && !(s && s->gate)
                      && ledger_quick(a, i, r, now, side, price, lots, &z, 1, 1))) {
        r->open[side] = z.open;
        r->held[side] = z.held;
        r->worth[side] = z.worth;
        r->open_orders++;
        a->open_orders++;
        return R_NONE;
    }
    LedgerOrder o = {now, price, 0, lots, 0, 0, account, instrument, strategy, side, L_LIMIT,
                     flags};
    return ledger_enter_late(L, &o, taken);
}

/* 0, or the Reason of the first control that denies. `old_*`: the hold that a replacement gives
   back (0 lots for a new order). Takes an order out of the rate buckets, whatever the answer. */
static inline int ledger_check(Ledger *L, int64_t now, uint32_t account, uint32_t instrument,
                               uint32_t strategy, int side, int kind, int flags, int64_t price,
                               int64_t stop, int64_t lots, int64_t old_lots, int64_t old_price) {
    int taken = 0;
    if (LEDGER_LIKELY(ledger_inside(L, account, instrument)
                      && ledger_known_instrument(L, instrument))) {
        LedgerAccount *a = L->account + account;
        taken = ledger_take(L, a, strategy, now);
        if (LEDGER_LIKELY(taken && a->led == ledger_row(L, account, instrument)
                          && ledger_passes(L, a, now, instrument, strategy, side, kind, price,
                                           lots, old_lots, old_price))) return R_NONE;
    }
    LedgerOrder o = {now, price, stop, lots, old_lots, old_price, account, instrument, strategy,
                     side, kind, flags};
    return ledger_decide(L, &o, taken);
}

/* The controls for an order that is not sent: nothing changes. `out` has LEDGER_FIGURES places. */
static inline int ledger_what_if(Ledger *L, const LedgerOrder *o, LedgerFigure *out) {
    return ledger_figures(L, o, -1, out);
}
#endif
