/* The ledger of the matching engine: accounts, positions, what is held, and their sums.

   The rules are written in docs/explanation/risk-ledger.md and, to be read as code, in ledger.py,
   which gives the same answers and the same state. Everything is an integer; a product is taken
   with a check or in 128 bits, so nothing wraps. No allocation after ledger_create.

   A row is what one account has in one instrument. Sums over its rows are kept in the account, so
   that a check reads a few places and divides nothing. Margin and fees are summed in parts of a
   billion of a nano and compared with equity times a billion: no rounding at all.

   The row an account asked about or changed last is *led*: it stands outside of the sums, so a hold,
   a release or a fill touches nothing but the row and the account's cash. Up to where the led row
   may rise before any control could deny is worked out when it is asked (`LedgerQuick`), without
   a division; a fill takes off what it may cost, so that a check stays a few comparisons. Whatever
   needs the sums puts the led row back first (`ledger_rest`). */
#ifndef FKS_LEDGER_H
#define FKS_LEDGER_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the state of the ledger is written as it lies in memory, little-endian"
#endif

#define LEDGER_LIKELY(x) __builtin_expect(!!(x), 1)
#define LEDGER_COLD __attribute__((noinline, cold, unused)) static

typedef __int128 ledger_wide;

static const int64_t LEDGER_UNLIMITED = INT64_MAX;
static const int64_t LEDGER_PARTS = 1000000000;              /* parts of a billion */
static const int64_t LEDGER_HOLD_MOST = ((int64_t)1 << 61) - 1;  /* nanos held of a side */
static const int64_t LEDGER_VALUE_MOST = ((int64_t)1 << 62) - 1; /* nanos of a position */
static const int64_t LEDGER_LOTS_MOST = (int64_t)1 << 40;    /* lots open on a side */
static const int64_t LEDGER_TICKS_MOST = (int64_t)1 << 53;   /* of a price in an order */
static const int64_t LEDGER_PRICE_MOST = (int64_t)1 << 55;   /* of a price held or traded at */
static const int64_t LEDGER_ORDERS_MOST = ((int64_t)1 << 31) - 1; /* open in a row */
static const int64_t LEDGER_ORDER_MOST = ((int64_t)1 << 32) - 1;

enum { /* Reason of layout.py */
    R_NONE = 0, R_TRADING_STATE = 1, R_RESTRICTED = 3, R_INVALID_ORDER = 4, R_MAX_QTY = 7,
    R_MAX_NOTIONAL = 8, R_PRICE_COLLAR = 9, R_STALE_REFERENCE = 10, R_BUYING_POWER = 11,
    R_EXPOSURE = 12, R_POSITION_LIMIT = 13, R_CONCENTRATION = 14, R_OPEN_ORDERS = 15,
    R_MSG_RATE = 16, R_DAY_ACCUMULATED = 19, R_UNKNOWN_INSTRUMENT = 41, R_UNKNOWN_ACCOUNT = 42,
    R_LIMIT_MISSING = 43, R_CAPACITY = 53, R_OVERFLOW = 54
};

enum { /* InstrumentKey */
    I_KIND = 1, I_UNIT_NANOS, I_MIN_LOTS, I_MAX_LOTS, I_MIN_TICKS, I_MAX_TICKS, I_COLLAR_TICKS,
    I_STALE_NS, I_INITIAL_MARGIN_PPB, I_MAKER_FEE_PPB, I_TAKER_FEE_PPB, I_LOT_FEE_NANOS, I_GATE,
    I_RESTRICTED, I_MAINTENANCE_MARGIN_PPB
};

enum { /* AccountKey */
    A_GATE = 1, A_SELF_TRADE_GROUP, A_MAX_ORDER_LOTS, A_MAX_ORDER_NANOS, A_MAX_POSITION_LOTS,
    A_MAX_GROSS_NANOS, A_MAX_NET_NANOS, A_MAX_OPEN_ORDERS, A_MAX_OPEN_ORDERS_INSTRUMENT,
    A_ORDERS_PER_SECOND, A_MAX_DAY_NANOS, A_MAX_DAY_LOTS, A_MAX_CONCENTRATION_PPB,
    A_CHECK_MARGIN, A_LIMITS_VERSION
};

typedef struct { /* two cache lines; by side (0 buy, 1 sell); what changes most in the first one */
    int64_t open[2];  /* lots */
    int64_t held[2];  /* nanos at the prices held */
    int64_t worth[2]; /* what the side counts for: held; of sells the mark if that is more */
    int64_t position, exposure; /* lots; nanos, signed as the position is */
    int64_t cost, realised;
    int64_t max_order_lots, max_position_lots;
    int64_t open_orders;
    int64_t spare[3];
} LedgerRow;

typedef struct { /* four cache lines */
    int64_t value[16]; /* by InstrumentKey */
    int64_t anchor;    /* the reference, else the last trade, ticks */
    int64_t reference, reference_ns, last;
    int64_t mark[2];   /* nanos of one lot at the reference: 0 for buys, and without one */
    int64_t low[2], span[2]; /* prices of a side that the collar takes: the lowest, how many */
    int64_t fresh_ns;  /* until when the reference is */
    int32_t margin_set, has_reference, has_last, missing;
    ledger_wide lot_fee; /* of one lot, in parts of a billion of a nano */
    int64_t margin, fee; /* initial margin and the dearer fee, in parts of a billion */
    int64_t inverse;     /* 2^62 by margin and twice the fee, cut off; 0 where those are 0 */
    int64_t spare[9];
} LedgerInstrument;

typedef struct { /* of the led row: up to here no control denies */
    int64_t lots[2];  /* of one order; 0: each order is a case for the list */
    int64_t nanos;    /* of one order */
    int64_t worth[2]; /* of a side: gross, net, concentration, buying power */
    int64_t open[2];  /* lots of a side: position limit */
    int64_t total, total_lots; /* of both sides: day counters */
    int64_t orders, row_orders; /* open before it */
    int64_t most[2];  /* what lots is when the rest is known */
    int64_t price_of_loss; /* nanos of worth that a nano of equity bears, rounded up */
    int32_t termed, tight; /* what follows from the limits is known; all of it is, to the last */
} LedgerQuick;

typedef struct {
    LedgerQuick quick;
    int64_t level, level_ns; /* of the rate bucket: parts of a billion of an order */
    int64_t open_orders;
    int32_t known, missing;
    LedgerRow *led;
    uint32_t led_in; /* its instrument */
    uint32_t spare;
    int64_t value[16]; /* by AccountKey */
    int64_t cash, fees, realised, day_nanos, day_lots, open_lots;
    ledger_wide exposure, side[2], gross, need, profit; /* sums of the rows but the led one */
} LedgerAccount;

typedef struct { int64_t gate, rate, level, level_ns; } LedgerStrategy;

typedef struct {
    LedgerRow *rows; /* by instrument, then account */
    LedgerInstrument *instrument;
    LedgerAccount *account;
    LedgerStrategy *strategy; /* 0: for all */
    void *block;
    uint32_t instruments, accounts, strategies;
    uint32_t top; /* above the highest account known */
} Ledger;

/* --- the tables ----------------------------------------------------------------------------- */

static inline void ledger_destroy(Ledger *L) {
    free(L->block);
    memset(L, 0, sizeof *L);
}

/* 1, or 0 without the memory. Zeroed pages cost nothing until they are used. */
static inline int ledger_create(Ledger *L, uint32_t instruments, uint32_t accounts,
                                uint32_t strategies) {
    memset(L, 0, sizeof *L);
    if (!instruments || instruments > 4096 || accounts < 2 || accounts > 65536 || !strategies
        || strategies > 1048576) return 0;
    size_t rows = (size_t)instruments * accounts * sizeof(LedgerRow);
    size_t a = accounts * sizeof(LedgerAccount), i = instruments * sizeof(LedgerInstrument);
    size_t s = strategies * sizeof(LedgerStrategy);
    char *at;
    L->block = calloc(rows + a + i + s + 64, 1);
    if (!L->block) return 0;
    at = (char *)(((uintptr_t)L->block + 63) & ~(uintptr_t)63);
    L->rows = (LedgerRow *)at;
    L->account = (LedgerAccount *)(at += rows);
    L->instrument = (LedgerInstrument *)(at += a);
    L->strategy = (LedgerStrategy *)(at += i);
    L->instruments = instruments; L->accounts = accounts; L->strategies = strategies;
    return 1;
}

static inline LedgerRow *ledger_row(const Ledger *L, uint32_t account, uint32_t instrument) {
    return L->rows + ((size_t)instrument * L->accounts + account);
}

static inline int ledger_kind_of(const Ledger *L, uint32_t instrument) {
    return instrument < L->instruments ? (int)L->instrument[instrument].value[I_KIND] : 0;
}

static inline int ledger_known_instrument(const Ledger *L, uint32_t instrument) {
    return ledger_kind_of(L, instrument) != 0;
}

static inline int ledger_known_account(const Ledger *L, uint32_t account) {
    return account < L->accounts && L->account[account].known;
}

/* 1 where there is a row for both; every function that is given both asks this first */
static inline int ledger_inside(const Ledger *L, uint32_t account, uint32_t instrument) {
    return instrument < L->instruments && ledger_known_account(L, account);
}

static inline int64_t ledger_cash(const Ledger *L, uint32_t account) {
    return ledger_known_account(L, account) ? L->account[account].cash : 0;
}

static inline int64_t ledger_position(const Ledger *L, uint32_t account, uint32_t instrument) {
    return ledger_inside(L, account, instrument) ? ledger_row(L, account, instrument)->position : 0;
}

/* --- what follows from a row ---------------------------------------------------------------- */

static inline int64_t ledger_size(int64_t v) { return v < 0 ? -v : v; }

static inline int64_t ledger_clamp(ledger_wide v) {
    return v > INT64_MAX ? INT64_MAX : v < -INT64_MAX ? -INT64_MAX : (int64_t)v;
}

/* 1 and |price| * lots * unit, or 0 where 64 bits do not hold it */
static inline int ledger_worth(const LedgerInstrument *i, int64_t lots, int64_t price,
                               int64_t *out) {
    if (price > LEDGER_PRICE_MOST || price < -LEDGER_PRICE_MOST) return 0;
    return !__builtin_mul_overflow(ledger_size(price), lots, out)
        && !__builtin_mul_overflow(*out, i->value[I_UNIT_NANOS], out);
}

/* What a side counts for; the caller knows that it fits. */
static inline int64_t ledger_side_worth(const LedgerInstrument *i, const LedgerRow *r, int side) {
    int64_t marked = r->open[side] * i->mark[side];
    return marked > r->held[side] ? marked : r->held[side];
}

/* 1 and what a position counts for, or 0 where it is too large */
static inline int ledger_exposed(const LedgerInstrument *i, int64_t position, int64_t cost,
                                 int64_t *exposure) {
    int64_t value;
    if (!i->has_reference) *exposure = position < 0 ? -ledger_size(cost) : ledger_size(cost);
    else if (__builtin_mul_overflow(position, i->mark[1], exposure)) return 0;
    value = i->reference < 0 ? -*exposure : *exposure;
    return *exposure <= LEDGER_VALUE_MOST && *exposure >= -LEDGER_VALUE_MOST
        && position <= 2 * LEDGER_LOTS_MOST && position >= -2 * LEDGER_LOTS_MOST
        && !(i->has_reference && __builtin_sub_overflow(value, cost, &value));
}

/* 1 and all of the row that follows from the rest, or 0 where it is too large */
static inline int ledger_derive(const LedgerInstrument *i, LedgerRow *r) {
    int64_t marked;
    if (__builtin_mul_overflow(r->open[1], i->mark[1], &marked) || marked > LEDGER_VALUE_MOST
        || !ledger_exposed(i, r->position, r->cost, &r->exposure)) return 0;
    r->worth[0] = r->held[0];
    r->worth[1] = marked > r->held[1] ? marked : r->held[1];
    return 1;
}

/* What a position gained and did not realise; 0 without a reference. */
static inline int64_t ledger_profit(const LedgerInstrument *i, const LedgerRow *r) {
    if (!i->has_reference) return 0;
    return (i->reference < 0 ? -r->exposure : r->exposure) - r->cost;
}

/* The worse of: all buys filled, all sells filled. */
static inline int64_t ledger_gross(const LedgerRow *r, const int64_t *worth) {
    int64_t up = r->exposure + worth[0], down = worth[1] - r->exposure;
    return up > down ? up : down;
}

static inline ledger_wide ledger_need(const LedgerInstrument *i, int64_t gross, ledger_wide held,
                                      int64_t lots) {
    return (ledger_wide)gross * i->margin + held * i->fee + i->lot_fee * lots;
}

/* Put a row into the sums of its account (sign 1) or take it out (-1). */
static inline void ledger_count(LedgerAccount *a, const LedgerInstrument *i, const LedgerRow *r,
                                int sign) {
    int64_t gross = ledger_gross(r, r->worth), lots = r->open[0] + r->open[1];
    ledger_wide held = (ledger_wide)r->worth[0] + r->worth[1];
    a->exposure += sign * r->exposure;
    a->side[0] += sign * r->worth[0];
    a->side[1] += sign * r->worth[1];
    a->gross += sign * gross;
    a->profit += sign * (ledger_wide)ledger_profit(i, r);
    a->need += sign * ledger_need(i, gross, held, lots);
    a->open_lots += sign * lots;
}

/* Put the led row back, which is led no more: the sums are those of all rows. */
static inline void ledger_rest(Ledger *L, LedgerAccount *a) {
    if (!a->led) return;
    ledger_count(a, L->instrument + a->led_in, a->led, 1);
    a->led = 0;
}

LEDGER_COLD void ledger_rest_all(Ledger *L) {
    for (uint32_t one = 1; one < L->top; one++) ledger_rest(L, L->account + one);
}

/* Cash and position have changed, or it is not known what follows from them. */
static inline void ledger_unbind(LedgerAccount *a) {
    a->quick.lots[0] = a->quick.lots[1] = 0;
    a->quick.tight = 0;
}

/* Lead a row that is not: before it changes, or to ask what it may rise to. */
LEDGER_COLD void ledger_lead(Ledger *L, uint32_t account, uint32_t instrument) {
    LedgerAccount *a = L->account + account;
    ledger_rest(L, a);
    a->led = ledger_row(L, account, instrument);
    a->led_in = instrument;
    ledger_count(a, L->instrument + instrument, a->led, -1);
    a->quick.termed = 0;
    ledger_unbind(a);
}

/* --- holds ---------------------------------------------------------------------------------- */

/* 0, or OVERFLOW and nothing changed */
static inline int ledger_hold(Ledger *L, uint32_t account, uint32_t instrument, uint32_t strategy,
                              int side, int64_t lots, int64_t price) {
    int64_t worth, marked, open, held;
    LedgerInstrument *i;
    LedgerRow *r;
    (void)strategy;
    side = side != 0;
    if (!LEDGER_LIKELY(ledger_inside(L, account, instrument))) return R_UNKNOWN_ACCOUNT;
    i = L->instrument + instrument;
    r = ledger_row(L, account, instrument);
    open = r->open[side] + lots;
    if (!LEDGER_LIKELY(lots >= 0 && lots <= LEDGER_LOTS_MOST && open <= LEDGER_LOTS_MOST
                       && ledger_worth(i, lots, price, &worth) && worth <= LEDGER_HOLD_MOST
                       && (held = r->held[side] + worth) <= LEDGER_HOLD_MOST
                       && !__builtin_mul_overflow(open, i->mark[side], &marked)
                       && marked <= LEDGER_HOLD_MOST)) return R_OVERFLOW;
    if (!LEDGER_LIKELY(L->account[account].led == r)) ledger_lead(L, account, instrument);
    r->open[side] = open;
    r->held[side] = held;
    r->worth[side] = marked > held ? marked : held;
    return R_NONE;
}

/* What is left of a side's hold: never less than nothing, and nothing where no lots are open. */
static inline void ledger_left(const LedgerInstrument *i, int64_t lots, int64_t price,
                               int64_t *open, int64_t *held) {
    int64_t worth, left = *open - lots;
    if (!LEDGER_LIKELY(ledger_worth(i, lots, price, &worth))) worth = INT64_MAX;
    *open = left > 0 ? left : 0;
    worth = *held - worth;
    *held = worth & -(int64_t)((left > 0) & (worth > 0)); /* no branch that guesses wrong */
}

static inline void ledger_release(Ledger *L, uint32_t account, uint32_t instrument,
                                  uint32_t strategy, int side, int64_t lots, int64_t price) {
    LedgerInstrument *i;
    LedgerRow *r;
    (void)strategy;
    side = side != 0;
    if (!LEDGER_LIKELY(ledger_inside(L, account, instrument) && lots >= 0)) return;
    i = L->instrument + instrument;
    r = ledger_row(L, account, instrument);
    if (!LEDGER_LIKELY(L->account[account].led == r)) ledger_lead(L, account, instrument);
    ledger_left(i, lots, price, &r->open[side], &r->held[side]);
    r->worth[side] = ledger_side_worth(i, r, side);
}

/* The number of open orders goes up or down; never below nothing. */
static inline void ledger_opened(Ledger *L, uint32_t account, uint32_t instrument, int64_t delta) {
    LedgerRow *r;
    int64_t count;
    if (!LEDGER_LIKELY(ledger_inside(L, account, instrument))) return;
    r = ledger_row(L, account, instrument);
    if (delta > LEDGER_ORDERS_MOST) delta = LEDGER_ORDERS_MOST;
    if (delta < -LEDGER_ORDERS_MOST) delta = -LEDGER_ORDERS_MOST;
    count = r->open_orders + delta;
    count = count < 0 ? 0 : count > LEDGER_ORDERS_MOST ? LEDGER_ORDERS_MOST : count;
    L->account[account].open_orders += count - r->open_orders;
    r->open_orders = count;
}

/* A limit order that is held for sure is over: its hold is given back, and it is open no more. */
static inline void ledger_leave(Ledger *L, uint32_t account, uint32_t instrument, uint32_t strategy,
                                int side, int64_t lots, int64_t price) {
    const LedgerInstrument *i = L->instrument + instrument;
    LedgerAccount *a = L->account + account;
    LedgerRow *r = ledger_row(L, account, instrument);
    int64_t marked;
    (void)strategy;
    if (!LEDGER_LIKELY(a->led == r)) ledger_lead(L, account, instrument);
    r->open[side] -= lots;
    r->held[side] -= ledger_size(price) * lots * i->value[I_UNIT_NANOS];
    marked = r->open[side] * i->mark[side];
    r->worth[side] = marked > r->held[side] ? marked : r->held[side];
    r->open_orders--;
    a->open_orders--;
}

/* --- fills ---------------------------------------------------------------------------------- */

/* 1 and the fee of a fill of that worth, or 0 where 64 bits do not hold it. Rounded up: against
   the account. */
static inline int ledger_fee(const LedgerInstrument *i, int64_t lots, int64_t worth, int maker,
                             int64_t *fee) {
    int64_t rate = i->value[maker ? I_MAKER_FEE_PPB : I_TAKER_FEE_PPB], whole = 0, rest;
    if (!LEDGER_LIKELY(!__builtin_mul_overflow(worth, rate, &rest))) {
        whole = worth / LEDGER_PARTS * rate; /* |rate| <= a billion: both products fit */
        rest = worth % LEDGER_PARTS * rate;
    }
    rest = rest / LEDGER_PARTS + (rest % LEDGER_PARTS > 0);
    return !__builtin_mul_overflow(i->value[I_LOT_FEE_NANOS], lots, fee)
        && !__builtin_add_overflow(*fee, whole, fee) && !__builtin_add_overflow(*fee, rest, fee);
}

/* cost * closing / size, cut off towards nothing; in 64 bits where they do */
static inline int64_t ledger_part(int64_t cost, int64_t closing, int64_t size) {
    int64_t product;
    if (LEDGER_LIKELY(!__builtin_mul_overflow(cost, closing, &product))) return product / size;
    return (int64_t)((ledger_wide)cost * closing / size);
}

/* What a fill makes of a row and of its account; side by side it is put there from registers. */
typedef struct {
    int64_t open, held, worth, position, exposure, cost, realised; /* open, held, worth: its side */
    int64_t realised_all, cash, fees, day_nanos, day_lots;
} LedgerFilled;

/* 1 and the position after a fill with its cost and what was gained, or 0 where it does not fit */
static inline int ledger_turn(const LedgerInstrument *i, const LedgerRow *r, int side, int64_t lots,
                              int64_t price, int64_t worth, int64_t *gained, LedgerFilled *z) {
    int64_t notional = price < 0 ? -worth : worth, size = ledger_size(r->position);
    int64_t turn = 1 - 2 * side, closing, closed, freed; /* turn: 1 to buy, -1 to sell */
    /* 0 where it opens or adds: whether it does is a coin's throw, so the same is done for both */
    closing = (size < lots ? size : lots) & -(int64_t)((r->position ^ turn) < 0);
    closed = price * closing * i->value[I_UNIT_NANOS]; /* no larger than notional */
    freed = ledger_part(r->cost, closing, size + !size);
    z->position = r->position + turn * lots;
    if (!LEDGER_LIKELY(!__builtin_sub_overflow(-turn * closed, freed, gained)
                       && !__builtin_add_overflow(r->cost - freed, turn * (notional - closed),
                                                  &z->cost))) return 0;
    return z->cost >= -INT64_MAX && *gained >= -INT64_MAX
        && ledger_exposed(i, z->position, z->cost, &z->exposure);
}

/* 1 and the fill of held lots worked out, nothing changed; 0 where it does not fit. `worth`: of
   the lots at the price, its sign left out. */
static inline int ledger_prepare(const Ledger *L, uint32_t account, uint32_t instrument, int side,
                                 int64_t lots, int64_t price, int64_t worth, int64_t held_price,
                                 int64_t fee, LedgerFilled *z) {
    const LedgerInstrument *i = L->instrument + instrument;
    const LedgerAccount *a = L->account + account;
    const LedgerRow *r = ledger_row(L, account, instrument);
    int64_t gained, marked;
    if (!LEDGER_LIKELY(ledger_turn(i, r, side, lots, price, worth, &gained, z))) return 0;
    z->open = r->open[side];
    z->held = r->held[side];
    ledger_left(i, lots, held_price, &z->open, &z->held);
    marked = z->open * i->mark[side];
    z->worth = marked > z->held ? marked : z->held;
    return !__builtin_add_overflow(r->realised, gained, &z->realised)
        && !__builtin_add_overflow(a->realised, gained, &z->realised_all)
        && !__builtin_add_overflow(a->cash, gained, &z->cash)
        && !__builtin_sub_overflow(z->cash, fee, &z->cash)
        && !__builtin_add_overflow(a->fees, fee, &z->fees)
        && !__builtin_add_overflow(a->day_nanos, worth, &z->day_nanos)
        && !__builtin_add_overflow(a->day_lots, lots, &z->day_lots);
}

/* What is known of the led row stays so after a fill, but for what the fill may cost: what brings a
   bound closer is taken off it, what would widen it is left to the next ledger_bind. By the mark, a
   buy of lots worth `marked` for `worth` and a fee leaves marked - worth - fee more of equity, a sell
   worth - marked - fee. A bound below nothing passes no order, and is not brought further down. */
static inline void ledger_loosen(LedgerQuick *q, const LedgerInstrument *i, int side, int64_t lots,
                                 int64_t price, int64_t worth, int64_t fee) {
    int64_t below = q->worth[0] | q->worth[1] | q->open[side] | q->total | q->total_lots;
    int64_t marked, lost, most = LEDGER_HOLD_MOST / 2;
    q->tight = 0;
    if (LEDGER_LIKELY(below >= 0 && i->has_reference && (i->reference | price) >= 0
                      && !__builtin_mul_overflow(lots, i->mark[1], &marked) && marked <= most
                      && worth <= most && fee <= most && fee >= -most)) {
        lost = (side ? marked - worth : worth - marked) + fee;
        if (LEDGER_LIKELY(!__builtin_mul_overflow(lost > 0 ? lost : 0, q->price_of_loss, &lost)
                          && lost <= LEDGER_HOLD_MOST)) {
            q->worth[side] -= lost + marked;
            q->worth[!side] -= lost;
            q->open[side] -= lots;
            q->total -= worth;
            q->total_lots -= lots;
            return;
        }
    }
    q->lots[0] = q->lots[1] = 0;
}

static inline void ledger_commit(Ledger *L, uint32_t account, uint32_t instrument, int side,
                                 int64_t lots, int64_t price, int64_t worth, int64_t fee,
                                 const LedgerFilled *z) {
    LedgerAccount *a = L->account + account;
    LedgerRow *r = ledger_row(L, account, instrument);
    if (!LEDGER_LIKELY(a->led == r)) ledger_lead(L, account, instrument);
    ledger_loosen(&a->quick, L->instrument + instrument, side, lots, price, worth, fee);
    r->open[side] = z->open; r->held[side] = z->held; r->worth[side] = z->worth;
    r->position = z->position; r->exposure = z->exposure;
    r->cost = z->cost; r->realised = z->realised;
    a->realised = z->realised_all; a->cash = z->cash; a->fees = z->fees;
    a->day_nanos = z->day_nanos; a->day_lots = z->day_lots;
}

/* 1 and what a fill is worth, or 0 where there can be none */
static inline int ledger_fills(const Ledger *L, uint32_t account, uint32_t instrument, int64_t lots,
                               int64_t price, int64_t *worth) {
    return LEDGER_LIKELY(ledger_inside(L, account, instrument) && lots >= 0
                         && lots <= LEDGER_LOTS_MOST)
        && ledger_worth(L->instrument + instrument, lots, price, worth);
}

/* A fill of held lots at a fee that is known: 0, or OVERFLOW and nothing changed. */
static inline int ledger_settle(Ledger *L, uint32_t account, uint32_t instrument, int side,
                                int64_t lots, int64_t price, int64_t held_price, int64_t fee) {
    LedgerFilled z;
    int64_t worth;
    side = side != 0;
    if (!ledger_fills(L, account, instrument, lots, price, &worth)
        || !ledger_prepare(L, account, instrument, side, lots, price, worth, held_price, fee, &z))
        return R_OVERFLOW;
    ledger_commit(L, account, instrument, side, lots, price, worth, fee, &z);
    return R_NONE;
}

/* The same at the instrument's own fee, which is given back. */
static inline int ledger_fill(Ledger *L, uint32_t account, uint32_t instrument, int side,
                              int64_t lots, int64_t price, int64_t held_price, int maker,
                              int64_t *fee) {
    int64_t worth;
    if (ledger_fills(L, account, instrument, lots, price, &worth)
        && ledger_fee(L->instrument + instrument, lots, worth, maker, fee)
        && !ledger_settle(L, account, instrument, side, lots, price, held_price, *fee))
        return R_NONE;
    *fee = 0;
    return R_OVERFLOW;
}

/* Both fills of one account with itself: the second one finds what the first one left. */
LEDGER_COLD int ledger_trade_self(Ledger *L, uint32_t instrument, int64_t lots, int64_t price,
                                  int64_t worth, uint32_t account, int side, int64_t fee,
                                  int64_t other_held_price, int64_t other_fee,
                                  const LedgerFilled *first) {
    LedgerAccount *a = L->account + account;
    LedgerRow *r = ledger_row(L, account, instrument), row = *r;
    LedgerFilled second, was = {.realised_all = a->realised, .cash = a->cash, .fees = a->fees,
                                .day_nanos = a->day_nanos, .day_lots = a->day_lots};
    ledger_commit(L, account, instrument, side, lots, price, worth, fee, first);
    if (LEDGER_LIKELY(ledger_prepare(L, account, instrument, !side, lots, price, worth,
                                     other_held_price, other_fee, &second))) {
        ledger_commit(L, account, instrument, !side, lots, price, worth, other_fee, &second);
        return 0;
    }
    *r = row; /* the same row is led as before, or is now: it is in no sum */
    a->realised = was.realised_all; a->cash = was.cash; a->fees = was.fees;
    a->day_nanos = was.day_nanos; a->day_lots = was.day_lots;
    return 2;
}

/* Both fills of a trade, or none: 0, or 1 where the taker's does not fit, 2 where the maker's does
   not. `maker`: whether the second one pays the maker's fee (not so in an auction). */
static inline int ledger_trade(Ledger *L, uint32_t instrument, int64_t lots, int64_t price,
                               uint32_t account, int side, int64_t held_price, uint32_t other,
                               int64_t other_held_price, int maker, int64_t *fee,
                               int64_t *other_fee) {
    const LedgerInstrument *i = L->instrument + instrument;
    LedgerFilled a, b;
    int64_t worth;
    side = side != 0;
    if (!LEDGER_LIKELY(ledger_fills(L, account, instrument, lots, price, &worth)
                       && ledger_fee(i, lots, worth, 0, fee)
                       && ledger_prepare(L, account, instrument, side, lots, price, worth,
                                         held_price, *fee, &a))) return 1;
    if (!LEDGER_LIKELY(ledger_inside(L, other, instrument)
                       && ledger_fee(i, lots, worth, maker, other_fee))) return 2;
    if (!LEDGER_LIKELY(account != other))
        return ledger_trade_self(L, instrument, lots, price, worth, account, side, *fee,
                                 other_held_price, *other_fee, &a);
    if (!LEDGER_LIKELY(ledger_prepare(L, other, instrument, !side, lots, price, worth,
                                      other_held_price, *other_fee, &b))) return 2;
    ledger_commit(L, account, instrument, side, lots, price, worth, *fee, &a);
    ledger_commit(L, other, instrument, !side, lots, price, worth, *other_fee, &b);
    return 0;
}

/* --- money and marks ------------------------------------------------------------------------ */

static inline int ledger_credit(Ledger *L, uint32_t account, int64_t nanos) {
    int64_t cash;
    if (!ledger_known_account(L, account)) return R_UNKNOWN_ACCOUNT;
    if (__builtin_add_overflow(L->account[account].cash, nanos, &cash)) return R_OVERFLOW;
    L->account[account].cash = cash;
    ledger_unbind(L->account + account);
    return R_NONE;
}

/* The day counters of an account, or of all (0), begin anew. */
static inline int ledger_new_day(Ledger *L, uint32_t account) {
    uint32_t one;
    if (account && !ledger_known_account(L, account)) return R_UNKNOWN_ACCOUNT;
    for (one = account ? account : 1; one < (account ? account + 1 : L->top); one++) {
        ledger_unbind(L->account + one);
        L->account[one].day_nanos = L->account[one].day_lots = 0;
    }
    return R_NONE;
}

/* What follows from an instrument's numbers and marks: which prices are in reach, until when. */
static inline void ledger_note(LedgerInstrument *i) {
    const int64_t *v = i->value;
    int64_t most = LEDGER_TICKS_MOST, collar = v[I_COLLAR_TICKS], high = most, low = -most;
    int marked = i->has_reference || i->has_last;
    i->missing = !v[I_UNIT_NANOS] + !v[I_MAX_LOTS] + !v[I_COLLAR_TICKS] + !v[I_STALE_NS];
    i->anchor = i->has_reference ? i->reference : i->last;
    if (collar != LEDGER_UNLIMITED && i->anchor + collar < high) high = i->anchor + collar;
    if (collar != LEDGER_UNLIMITED && i->anchor - collar > low) low = i->anchor - collar;
    i->low[0] = -most;
    i->span[0] = high < -most ? 0 : high + most + 1;
    i->low[1] = low;
    i->span[1] = low > most ? 0 : most - low + 1;
    if (collar != LEDGER_UNLIMITED && !marked) i->span[0] = i->span[1] = 0;
    i->fresh_ns = INT64_MAX;
    if (v[I_STALE_NS] != LEDGER_UNLIMITED
        && (!i->has_reference
            || __builtin_add_overflow(i->reference_ns, v[I_STALE_NS], &i->fresh_ns)))
        i->fresh_ns = i->has_reference ? INT64_MAX : INT64_MIN;
}

/* The price of a trade; the anchor of the collar as long as there is no reference. */
static inline void ledger_set_last(Ledger *L, uint32_t instrument, int64_t ticks) {
    LedgerInstrument *i = L->instrument + instrument;
    if (!ledger_known_instrument(L, instrument) || ticks > LEDGER_PRICE_MOST
        || ticks < -LEDGER_PRICE_MOST) return;
    i->last = ticks;
    i->has_last = 1;
    if (!i->has_reference) ledger_note(i);
}

/* 1 where every row of the instrument can be valued on the terms of `i`; nothing is changed */
LEDGER_COLD int ledger_holds(const Ledger *L, uint32_t instrument, const LedgerInstrument *i) {
    for (uint32_t one = 1; one < L->top; one++) {
        LedgerRow row = *ledger_row(L, one, instrument);
        if ((row.position || row.open[1]) && !ledger_derive(i, &row)) return 0;
    }
    return 1;
}

/* The terms or the mark of an instrument change: its rows leave the sums and come back. */
LEDGER_COLD void ledger_change(Ledger *L, uint32_t instrument, const LedgerInstrument *to) {
    LedgerInstrument *from = L->instrument + instrument;
    for (uint32_t one = 1; one < L->top; one++) {
        LedgerAccount *a = L->account + one;
        LedgerRow *r = ledger_row(L, one, instrument);
        if (a->led == r) ledger_rest(L, a);
        if (!(r->position || r->open[0] || r->open[1])) continue;
        ledger_unbind(a);
        ledger_count(a, from, r, -1);
        (void)ledger_derive(to, r);
        ledger_count(a, to, r, 1);
    }
    *from = *to;
}

/* 0, UNKNOWN_INSTRUMENT, INVALID_ORDER beyond 2^53, or OVERFLOW; then nothing changed */
static inline int ledger_set_reference(Ledger *L, uint32_t instrument, int64_t ticks,
                                       int64_t now_ns) {
    LedgerInstrument to;
    if (!ledger_known_instrument(L, instrument)) return R_UNKNOWN_INSTRUMENT;
    if (ticks > LEDGER_TICKS_MOST || ticks < -LEDGER_TICKS_MOST) return R_INVALID_ORDER;
    to = L->instrument[instrument];
    to.has_reference = 1;
    to.reference = ticks;
    to.reference_ns = now_ns;
    ledger_note(&to);
    if (!L->instrument[instrument].has_reference || L->instrument[instrument].reference != ticks) {
        if (__builtin_mul_overflow(ledger_size(ticks), to.value[I_UNIT_NANOS], &to.mark[1])
            || !ledger_holds(L, instrument, &to)) return R_OVERFLOW;
        ledger_change(L, instrument, &to);
    } else L->instrument[instrument] = to;
    return R_NONE;
}

/* --- views ---------------------------------------------------------------------------------- */

typedef struct { /* as ledger_accounts.Standing */
    int64_t cash, equity, realised, profit, fees, margin_used, gross, net_long, net_short;
    int64_t open_lots, open_orders, day_nanos, day_lots;
} LedgerStanding;

static inline ledger_wide ledger_upwards(ledger_wide v, ledger_wide by) {
    return v > 0 ? (v + by - 1) / by : v / by;
}

LEDGER_COLD void ledger_standing(Ledger *L, uint32_t account, LedgerStanding *z) {
    LedgerAccount *a = L->account + account;
    memset(z, 0, sizeof *z);
    if (!ledger_known_account(L, account)) return;
    ledger_rest(L, a);
    z->cash = a->cash; z->realised = a->realised; z->fees = a->fees;
    z->equity = ledger_clamp(a->cash + a->profit);
    z->profit = ledger_clamp(a->profit);
    z->margin_used = ledger_clamp(ledger_upwards(a->need, LEDGER_PARTS));
    z->gross = ledger_clamp(a->gross);
    z->net_long = ledger_clamp(a->exposure + a->side[0]);
    z->net_short = ledger_clamp(a->side[1] - a->exposure);
    z->open_lots = a->open_lots; z->open_orders = a->open_orders;
    z->day_nanos = a->day_nanos; z->day_lots = a->day_lots;
}

/* The maintenance margin of an account's positions, nanos, rounded up. */
LEDGER_COLD int64_t ledger_maintenance(const Ledger *L, uint32_t account) {
    ledger_wide parts = 0;
    for (uint32_t k = 0; k < L->instruments && ledger_known_account(L, account); k++) {
        int64_t rate = L->instrument[k].value[I_MAINTENANCE_MARGIN_PPB];
        const LedgerRow *r = ledger_row(L, account, k);
        if (rate != LEDGER_UNLIMITED) parts += (ledger_wide)ledger_size(r->exposure) * rate;
    }
    return ledger_clamp(ledger_upwards(parts, LEDGER_PARTS));
}
#endif
