/* The arithmetic of a fill in whole numbers; account.py has the same rules in Python. */
#include <stdint.h>

typedef struct {
    int64_t tick_value, fee_rate, fee_per_lot, fee_minimum, slip_ticks, slip_rate;
} fks_costs;

typedef struct { int64_t cash, position, cost, realised; } fks_account;

static const __int128 FKS_MOST = (((__int128)1) << 63) - 1;

static inline int fks_fits(__int128 v) { return v <= FKS_MOST && v >= -FKS_MOST; }

/* a * b * c, or 0 in *ok where int64 does not hold it; all are at least 0 */
static inline int64_t fks_product(int64_t a, int64_t b, int64_t c, int *ok) {
    __int128 p = (__int128)a * b;
    if (!fks_fits(p)) { *ok = 0; return 0; }
    p *= c;
    if (!fks_fits(p)) { *ok = 0; return 0; }
    return (int64_t)p;
}

static inline int64_t fks_slipped(const fks_costs *k, int64_t side, int64_t price) {
    __int128 share = k->slip_rate
        ? ((__int128)price * k->slip_rate + 999999999) / 1000000000 : 0;
    __int128 moved = price + side * (k->slip_ticks + share);
    return moved < 1 ? 1 : (fks_fits(moved) ? (int64_t)moved : INT64_MAX);
}

/* 1 and the account after the fill, or 0 and nothing changed; see account.settle */
static inline int fks_settle(const fks_costs *k, fks_account *a, int64_t side, int64_t lots,
                             int64_t price, int64_t *fee_out) {
    int ok = 1;
    int64_t notional = fks_product(price, lots, k->tick_value, &ok);
    if (!ok) return 0;
    __int128 fee = ((__int128)notional * k->fee_rate + 500000000) / 1000000000
        + (__int128)lots * k->fee_per_lot;
    if (fee < k->fee_minimum) fee = k->fee_minimum;
    int64_t held = a->position, size = held < 0 ? -held : held;
    int64_t closing = 0;
    if ((held > 0 && side < 0) || (held < 0 && side > 0)) closing = size < lots ? size : lots;
    __int128 closed = (__int128)price * closing * k->tick_value;
    __int128 freed = closing ? (__int128)a->cost * closing / size : 0;
    __int128 realised = a->realised - side * closed - freed - fee;
    __int128 cost = a->cost - freed + side * (notional - closed);
    __int128 cash = (__int128)a->cash - side * (__int128)notional - fee;
    __int128 position = (__int128)held + side * lots;
    if (!fks_fits(fee) || !fks_fits(realised) || !fks_fits(cost) || !fks_fits(cash)
        || !fks_fits(position)) return 0;
    a->cash = (int64_t)cash; a->position = (int64_t)position;
    a->cost = (int64_t)cost; a->realised = (int64_t)realised;
    *fee_out = (int64_t)fee;
    return 1;
}

/* 1 and the value of the account at a price, or 0 where int64 does not hold it */
static inline int fks_value(const fks_costs *k, const fks_account *a, int64_t price,
                            int64_t *out) {
    __int128 held = (__int128)a->position * price;
    if (!fks_fits(held)) return 0;
    held *= k->tick_value;
    __int128 value = a->cash + held;
    if (!fks_fits(held) || !fks_fits(value)) return 0;
    *out = (int64_t)value;
    return 1;
}
