/* The arithmetic of a fill in whole numbers; account.py has the same rules in Python. */
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t tick_value, fee_rate, fee_per_lot, fee_minimum, slip_ticks, slip_rate;
} fks_costs;

typedef struct { int64_t cash, position, cost, realised; } fks_account;

static const __int128 FKS_MOST = (((__int128)1) << 63) - 1;

static inline int fks_fits(__int128 v) { return v <= FKS_MOST && v >= -FKS_MOST; }

/* a * b * c, or 0 in *ok where int64 does not hold it */
static inline int64_t fks_product(int64_t a, int64_t b, int64_t c, int *ok) {
    __int128 p = (__int128)a * b;
    if (!fks_fits(p)) { *ok = 0; return 0; }
    p *= c;
    if (!fks_fits(p)) { *ok = 0; return 0; }
    return (int64_t)p;
}

/* 1 where the open is nearer to the high than to the low */
static inline int fks_rising(int64_t opened, int64_t high, int64_t low) {
    return (__int128)high - opened < (__int128)opened - low;
}

/* price * rate / 1e9, rounded up, away from zero; then against the trader, see account.py */
static inline int64_t fks_slipped(const fks_costs *k, int64_t side, int64_t price) {
    __int128 size = price < 0 ? -(__int128)price : price;
    __int128 share = k->slip_rate ? (size * k->slip_rate + 999999999) / 1000000000 : 0;
    __int128 moved = price + side * (k->slip_ticks + share);
    if (price > 0 && moved < 1) return 1;
    return moved > FKS_MOST ? INT64_MAX : moved < -FKS_MOST ? -INT64_MAX : (int64_t)moved;
}

/* |amount| * rate / 1e9, rounded half up, without a division of 128 bits; amount is no INT64_MIN */
static inline __int128 fks_share(int64_t amount, int64_t rate) {
    if (amount < 0) amount = -amount;
    return (__int128)(amount / 1000000000) * rate
        + (amount % 1000000000 * rate + 500000000) / 1000000000;
}

/* 1 and the account after the fill, or 0 and nothing changed; see account.settle */
static inline int fks_settle(const fks_costs *k, fks_account *a, int64_t side, int64_t lots,
                             int64_t price, int64_t *fee_out) {
    int ok = 1;
    int64_t notional = fks_product(price, lots, k->tick_value, &ok);
    if (!ok) return 0;
    __int128 fee = fks_share(notional, k->fee_rate) + (__int128)lots * k->fee_per_lot;
    if (fee < k->fee_minimum) fee = k->fee_minimum;
    int64_t held = a->position, size = held < 0 ? -held : held;
    int64_t closing = 0;
    if ((held > 0 && side < 0) || (held < 0 && side > 0)) closing = size < lots ? size : lots;
    __int128 closed = (__int128)price * closing * k->tick_value;
    __int128 freed = closing == size ? a->cost
        : closing ? (__int128)a->cost * closing / size : 0;
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
    int64_t held, value;
    if (__builtin_mul_overflow(a->position, price, &held)
        || __builtin_mul_overflow(held, k->tick_value, &held)
        || __builtin_add_overflow(a->cash, held, &value)
        || held == INT64_MIN || value == INT64_MIN) return 0;
    *out = value;
    return 1;
}

/* The value of one tick, and in *most the price up to which no check is needed (-1 for none). */
static inline int64_t fks_unit(const fks_costs *k, const fks_account *a, int64_t *most) {
    int64_t unit, size, cash = a->cash < 0 ? -a->cash : a->cash;
    *most = -1;
    if (__builtin_mul_overflow(a->position, k->tick_value, &unit) || unit == INT64_MIN) return 0;
    size = unit < 0 ? -unit : unit;
    *most = size ? (INT64_MAX - cash) / size : INT64_MAX;
    return unit;
}

/* Mark the bars at which nothing rests and no other side than `wanted` is asked for (what is
   no side asks for nothing); return how many. Stops before a bar that must be looked at. */
static inline ptrdiff_t fks_mark_sides(const fks_costs *k, const fks_account *a, int8_t wanted,
                                       const int8_t *sides, const int64_t *close, ptrdiff_t rows,
                                       int64_t *out) {
    int64_t most, unit = fks_unit(k, a, &most);
    ptrdiff_t row = 0;
    for (; row < rows; row++) {
        if (sides[row] != wanted && sides[row] >= -1 && sides[row] <= 1) break;
        if (close[row] < 0 || close[row] > most) break;
        out[row] = a->cash + unit * close[row];
    }
    return row;
}

/* Mark the bars at which nothing rests and no flag is raised; return how many. */
static inline ptrdiff_t fks_mark_quiet(const fks_costs *k, const fks_account *a,
                                       const uint8_t *flags, const int64_t *close, ptrdiff_t rows,
                                       int64_t *out) {
    int64_t most, unit = fks_unit(k, a, &most);
    ptrdiff_t row = 0;
    for (; row < rows && !flags[row] && close[row] >= 0 && close[row] <= most; row++)
        out[row] = a->cash + unit * close[row];
    return row;
}
