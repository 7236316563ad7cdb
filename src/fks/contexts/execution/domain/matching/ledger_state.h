/* How the ledger is set up, and its state as bytes: sorted, versioned, little-endian, and the same
   for the same contents whatever came before. */
#ifndef FKS_LEDGER_STATE_H
#define FKS_LEDGER_STATE_H
#include "ledger.h"

typedef struct { int64_t low, high; int waivable; } LedgerRange;

/* 1 where a number may be set; see the tables of ledger_terms.py */
LEDGER_COLD int ledger_allowed(const LedgerRange *range, int64_t value) {
    return (value >= range->low && value <= range->high)
        || (range->waivable && value == LEDGER_UNLIMITED);
}

static const LedgerRange LEDGER_INSTRUMENT[16] = {
    {1, 0, 0}, {1, 2, 0}, {0, 9007199254740992, 0}, {0, 4294967295, 0}, {0, INT64_MAX, 1},
    {-9007199254740992, 9007199254740992, 0}, {-9007199254740992, 9007199254740992, 0},
    {0, 9007199254740992, 1}, {0, INT64_MAX, 1}, {0, 1000000000000, 1},
    {-1000000000, 1000000000, 0}, {-1000000000, 1000000000, 0},
    {-10000000000000, 10000000000000, 0}, {0, 3, 0}, {0, 1, 0}, {0, 1000000000000, 1},
};
static const LedgerRange LEDGER_ACCOUNT[16] = {
    {1, 0, 0}, {0, 3, 0}, {0, 4294967295, 0}, {0, INT64_MAX, 1}, {0, INT64_MAX, 1},
    {0, INT64_MAX, 1}, {0, INT64_MAX, 1}, {0, INT64_MAX, 1}, {0, INT64_MAX, 1}, {0, INT64_MAX, 1},
    {0, 1000000000, 1}, {0, INT64_MAX, 1}, {0, INT64_MAX, 1}, {0, 1000000000000, 1}, {0, 1, 1},
    {0, INT64_MAX, 0},
};

/* What follows from the numbers of an instrument alone. */
LEDGER_COLD void ledger_terms(LedgerInstrument *i) {
    int64_t *v = i->value, maker = v[I_MAKER_FEE_PPB], taker = v[I_TAKER_FEE_PPB];
    i->margin = v[I_INITIAL_MARGIN_PPB] == LEDGER_UNLIMITED ? 0 : v[I_INITIAL_MARGIN_PPB];
    i->fee = maker > taker ? maker : taker;
    if (i->fee < 0) i->fee = 0;
    i->lot_fee = v[I_LOT_FEE_NANOS] > 0 ? (ledger_wide)v[I_LOT_FEE_NANOS] * LEDGER_PARTS : 0;
    i->inverse = i->margin + 2 * i->fee ? ((int64_t)1 << 62) / (i->margin + 2 * i->fee) : 0;
    ledger_note(i);
}

LEDGER_COLD void ledger_note_account(Ledger *L, LedgerAccount *a) {
    ledger_rest(L, a);
    a->missing = 0;
    for (int key = A_MAX_ORDER_NANOS; key <= A_CHECK_MARGIN; key++)
        if (key != A_MAX_POSITION_LOTS) a->missing += !a->value[key];
}

/* 1 where an account has, or asked for, something in the instrument */
LEDGER_COLD int ledger_busy(const Ledger *L, uint32_t instrument) {
    for (uint32_t one = 1; one < L->top; one++) {
        const LedgerRow *r = ledger_row(L, one, instrument);
        if (r->position || r->open[0] || r->open[1]) return 1;
    }
    return 0;
}

/* 0, CAPACITY, or INVALID_ORDER for a key or value that is none; then nothing changed. The worth
   of a tick is fixed while anyone has a position or an order. */
LEDGER_COLD int ledger_configure_instrument(Ledger *L, uint32_t instrument, int key,
                                            int64_t value) {
    LedgerInstrument to;
    if (instrument >= L->instruments) return R_CAPACITY;
    if (key < 1 || key > 15 || !ledger_allowed(&LEDGER_INSTRUMENT[key], value))
        return R_INVALID_ORDER;
    to = L->instrument[instrument];
    if (key == I_UNIT_NANOS && value != to.value[key]) {
        if (ledger_busy(L, instrument)) return R_INVALID_ORDER;
        if (__builtin_mul_overflow(ledger_size(to.reference), value, &to.mark[1]))
            return R_OVERFLOW;
    }
    to.value[key] = value;
    ledger_terms(&to);
    ledger_change(L, instrument, &to);
    return R_NONE;
}

/* A rate set for the first time comes with a full bucket; a lower one spills what is over. */
LEDGER_COLD int64_t ledger_refit(int64_t level, int64_t before, int64_t rate) {
    int64_t most = rate == LEDGER_UNLIMITED ? 0 : rate * LEDGER_PARTS;
    return before == 0 || before == LEDGER_UNLIMITED || level > most ? most : level;
}

/* 0, CAPACITY or INVALID_ORDER. The account is known from then on. */
LEDGER_COLD int ledger_configure_account(Ledger *L, uint32_t account, uint32_t instrument, int key,
                                         int64_t value) {
    LedgerAccount *a;
    int own = key == A_MAX_ORDER_LOTS || key == A_MAX_POSITION_LOTS;
    if (account == 0 || account >= L->accounts || (own && instrument >= L->instruments))
        return R_CAPACITY;
    if (key < 1 || key > 15 || !ledger_allowed(&LEDGER_ACCOUNT[key], value)) return R_INVALID_ORDER;
    a = L->account + account;
    if (key == A_MAX_ORDER_LOTS) ledger_row(L, account, instrument)->max_order_lots = value;
    else if (key == A_MAX_POSITION_LOTS)
        ledger_row(L, account, instrument)->max_position_lots = value;
    else {
        if (key == A_ORDERS_PER_SECOND) a->level = ledger_refit(a->level, a->value[key], value);
        a->value[key] = value;
    }
    a->known = 1;
    if (account >= L->top) L->top = account + 1;
    ledger_note_account(L, a);
    return R_NONE;
}

/* 0, CAPACITY or INVALID_ORDER. Strategy 0 has a gate only: it is the gate of all. */
LEDGER_COLD int ledger_configure_strategy(Ledger *L, uint32_t strategy, int key, int64_t value) {
    LedgerStrategy *s = L->strategy + strategy;
    if (strategy >= L->strategies) return R_CAPACITY;
    if (key != A_GATE && (key != A_ORDERS_PER_SECOND || strategy == 0)) return R_INVALID_ORDER;
    if (!ledger_allowed(&LEDGER_ACCOUNT[key], value)) return R_INVALID_ORDER;
    if (strategy == 0) ledger_rest_all(L);
    if (key == A_GATE) s->gate = value;
    else {
        s->level = ledger_refit(s->level, s->rate, value);
        s->rate = value;
    }
    return R_NONE;
}

/* --- bytes ------------------------------------------------------------------------------------ */

enum { LEDGER_VERSION = 1 };
static const int64_t LEDGER_MAGIC = 0x314744454c534b46; /* "FKSLEDG1" */

typedef struct { uint8_t *at, *end; size_t size; } LedgerInk;

static inline void ledger_write(LedgerInk *ink, const int64_t *words, size_t count) {
    ink->size += count * 8;
    if (ink->at && (size_t)(ink->end - ink->at) >= count * 8) {
        memcpy(ink->at, words, count * 8);
        ink->at += count * 8;
    } else ink->at = 0;
}

LEDGER_COLD int ledger_blank(const int64_t *words, int count) {
    for (int k = 0; k < count; k++) if (words[k]) return 0;
    return 1;
}

/* The stored words of a row, after account and instrument. */
LEDGER_COLD int ledger_row_words(const LedgerRow *r, int64_t *w) {
    w[0] = r->max_order_lots; w[1] = r->max_position_lots; w[2] = r->position; w[3] = r->cost;
    w[4] = r->realised; w[5] = r->open[0]; w[6] = r->open[1]; w[7] = r->held[0];
    w[8] = r->held[1]; w[9] = r->open_orders;
    return !ledger_blank(w, 10);
}

LEDGER_COLD void ledger_write_all(const Ledger *L, LedgerInk *ink, int64_t *counts) {
    int64_t w[24];
    for (uint32_t k = 0; k < L->instruments; k++) {
        const LedgerInstrument *i = L->instrument + k;
        if (ledger_blank(i->value, 16)) continue;
        w[0] = k;
        memcpy(w + 1, i->value + 1, 120);
        w[16] = i->has_reference | i->has_last << 1;
        w[17] = i->reference; w[18] = i->reference_ns; w[19] = i->last;
        ledger_write(ink, w, 20);
        counts[0]++;
    }
    for (uint32_t k = 1; k < L->top; k++) {
        const LedgerAccount *a = L->account + k;
        if (!a->known) continue;
        w[0] = k;
        memcpy(w + 1, a->value + 1, 120);
        w[16] = a->cash; w[17] = a->fees; w[18] = a->realised; w[19] = a->day_nanos;
        w[20] = a->day_lots; w[21] = a->level; w[22] = a->level_ns;
        ledger_write(ink, w, 23);
        counts[1]++;
    }
    for (uint32_t k = 0; k < L->strategies; k++) {
        const LedgerStrategy *s = L->strategy + k;
        w[0] = k; w[1] = s->gate; w[2] = s->rate; w[3] = s->level; w[4] = s->level_ns;
        if (ledger_blank(w + 1, 4)) continue;
        ledger_write(ink, w, 5);
        counts[2]++;
    }
    for (uint32_t k = 1; k < L->top; k++) {
        if (!L->account[k].known) continue;
        for (uint32_t i = 0; i < L->instruments; i++) {
            w[0] = k; w[1] = i;
            if (!ledger_row_words(ledger_row(L, k, i), w + 2)) continue;
            ledger_write(ink, w, 12);
            counts[3]++;
        }
    }
}

/* The bytes of the state, written where there is room for them; returns how many there are. */
LEDGER_COLD size_t ledger_state(const Ledger *L, uint8_t *out, size_t room) {
    int64_t head[6] = {LEDGER_MAGIC, LEDGER_VERSION, 0, 0, 0, 0};
    LedgerInk ink = {out && room >= sizeof head ? out + sizeof head : 0, out ? out + room : 0,
                     sizeof head};
    ledger_write_all(L, &ink, head + 2);
    if (out && room >= sizeof head) memcpy(out, head, sizeof head);
    return ink.size;
}

LEDGER_COLD int ledger_read_instrument(Ledger *L, const int64_t *w) {
    LedgerInstrument *i;
    if (w[0] < 0 || w[0] >= L->instruments) return R_CAPACITY;
    i = L->instrument + w[0];
    for (int key = 1; key < 16; key++)
        if (w[key] && !ledger_allowed(&LEDGER_INSTRUMENT[key], w[key])) return R_INVALID_ORDER;
    if (ledger_blank(w + 1, 15) || w[16] < 0 || w[16] > 3 || (w[16] && !w[I_KIND])
        || w[17] > LEDGER_TICKS_MOST || w[17] < -LEDGER_TICKS_MOST || w[19] > LEDGER_PRICE_MOST
        || w[19] < -LEDGER_PRICE_MOST || (!(w[16] & 1) && (w[17] || w[18]))
        || (!(w[16] & 2) && w[19])) return R_INVALID_ORDER;
    memcpy(i->value + 1, w + 1, 120);
    i->has_reference = w[16] & 1; i->has_last = w[16] >> 1 & 1;
    i->reference = w[17]; i->reference_ns = w[18]; i->last = w[19];
    if (__builtin_mul_overflow(ledger_size(i->reference), i->value[I_UNIT_NANOS], &i->mark[1]))
        return R_INVALID_ORDER;
    ledger_terms(i);
    return R_NONE;
}

LEDGER_COLD int ledger_full(int64_t level, int64_t rate) {
    return level < 0 || level > (rate == LEDGER_UNLIMITED ? 0 : rate * LEDGER_PARTS);
}

LEDGER_COLD int ledger_read_account(Ledger *L, const int64_t *w) {
    LedgerAccount *a;
    if (w[0] < 1 || w[0] >= L->accounts) return R_CAPACITY;
    a = L->account + w[0];
    for (int key = 1; key < 16; key++)
        if (w[key] && !ledger_allowed(&LEDGER_ACCOUNT[key], w[key])) return R_INVALID_ORDER;
    if (w[A_MAX_ORDER_LOTS] || w[A_MAX_POSITION_LOTS] || w[19] < 0 || w[20] < 0
        || ledger_full(w[21], w[A_ORDERS_PER_SECOND])) return R_INVALID_ORDER;
    memcpy(a->value + 1, w + 1, 120);
    a->cash = w[16]; a->fees = w[17]; a->realised = w[18]; a->day_nanos = w[19];
    a->day_lots = w[20]; a->level = w[21]; a->level_ns = w[22];
    a->known = 1;
    L->top = (uint32_t)w[0] + 1;
    ledger_note_account(L, a);
    return R_NONE;
}

LEDGER_COLD int ledger_read_strategy(Ledger *L, const int64_t *w) {
    LedgerStrategy *s;
    if (w[0] < 0 || w[0] >= L->strategies) return R_CAPACITY;
    s = L->strategy + w[0];
    if (ledger_blank(w + 1, 4) || !ledger_allowed(&LEDGER_ACCOUNT[A_GATE], w[1])
        || !ledger_allowed(&LEDGER_ACCOUNT[A_ORDERS_PER_SECOND], w[2]) || ledger_full(w[3], w[2])
        || (w[0] == 0 && (w[2] || w[3] || w[4]))) return R_INVALID_ORDER;
    s->gate = w[1]; s->rate = w[2]; s->level = w[3]; s->level_ns = w[4];
    return R_NONE;
}

LEDGER_COLD int ledger_read_row(Ledger *L, const int64_t *w) {
    LedgerRow *r;
    LedgerInstrument *i;
    if (!(w[0] >= 1 && w[0] < L->accounts && w[1] >= 0 && w[1] < L->instruments)) return R_CAPACITY;
    if (!L->account[w[0]].known || ledger_blank(w + 2, 10)) return R_INVALID_ORDER;
    i = L->instrument + w[1];
    r = ledger_row(L, (uint32_t)w[0], (uint32_t)w[1]);
    if (w[2] < 0 || w[3] < 0 || w[5] == INT64_MIN || w[11] < 0 || w[11] > LEDGER_ORDERS_MOST)
        return R_INVALID_ORDER;
    for (int k = 7; k < 9; k++)
        if (w[k] < 0 || w[k] > LEDGER_LOTS_MOST || w[k + 2] < 0 || w[k + 2] > LEDGER_HOLD_MOST
            || (!w[k] && w[k + 2])) return R_INVALID_ORDER;
    r->max_order_lots = w[2]; r->max_position_lots = w[3]; r->position = w[4]; r->cost = w[5];
    r->realised = w[6]; r->open[0] = w[7]; r->open[1] = w[8]; r->held[0] = w[9];
    r->held[1] = w[10]; r->open_orders = w[11];
    if (!ledger_derive(i, r)) return R_INVALID_ORDER;
    ledger_count(L->account + w[0], i, r, 1);
    L->account[w[0]].open_orders += r->open_orders;
    return R_NONE;
}

/* Read records of `words` words in ascending order of their first `keys`. */
LEDGER_COLD int ledger_read(Ledger *L, const uint8_t **at, int64_t count, int words, int keys,
                            int (*one)(Ledger *, const int64_t *)) {
    int64_t w[24], before[2] = {-1, -1};
    for (int64_t k = 0; k < count; k++, *at += words * 8) {
        memcpy(w, *at, (size_t)words * 8);
        if (w[0] < before[0] || (w[0] == before[0] && (keys == 1 || w[1] <= before[1])))
            return R_INVALID_ORDER;
        before[0] = w[0]; before[1] = w[1];
        int why = one(L, w);
        if (why) return why;
    }
    return R_NONE;
}

/* Become what the bytes say: 0; INVALID_ORDER where they are no state, CAPACITY where it is larger
   than the tables or there is no memory; then nothing changed. */
LEDGER_COLD int ledger_restore(Ledger *L, const uint8_t *data, size_t size) {
    static const int words[4] = {20, 23, 5, 12};
    int (*const readers[4])(Ledger *, const int64_t *) = {
        ledger_read_instrument, ledger_read_account, ledger_read_strategy, ledger_read_row};
    int64_t head[6];
    const uint8_t *at = data + sizeof head;
    ledger_wide asked = sizeof head;
    Ledger fresh;
    int why = R_NONE;
    if (size < sizeof head) return R_INVALID_ORDER;
    memcpy(head, data, sizeof head);
    if (head[0] != LEDGER_MAGIC || head[1] != LEDGER_VERSION) return R_INVALID_ORDER;
    for (int k = 0; k < 4; k++) {
        if (head[2 + k] < 0) return R_INVALID_ORDER;
        asked += (ledger_wide)head[2 + k] * words[k] * 8;
    }
    if (asked != (ledger_wide)size) return R_INVALID_ORDER;
    if (!ledger_create(&fresh, L->instruments, L->accounts, L->strategies)) return R_CAPACITY;
    for (int k = 0; k < 4 && !why; k++)
        why = ledger_read(&fresh, &at, head[2 + k], words[k], k == 3 ? 2 : 1, readers[k]);
    if (why) { ledger_destroy(&fresh); return why; }
    ledger_destroy(L);
    *L = fresh;
    return R_NONE;
}
#endif
