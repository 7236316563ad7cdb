/* What C says better than Cython: bit scans, prefetch, a clock of cycles, 128-bit products. */
#ifndef FKS_INTRINSICS_H
#define FKS_INTRINSICS_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define fks_likely(x) __builtin_expect(!!(x), 1)
#define fks_unlikely(x) __builtin_expect(!!(x), 0)
#define fks_prefetch(p) __builtin_prefetch((const void *)(p), 1, 3)
#define fks_prefetch_read(p) __builtin_prefetch((const void *)(p), 0, 3)

/* The place of the lowest and of the highest set bit of a word that is not 0. */
static inline unsigned fks_lowest(uint64_t word) { return (unsigned)__builtin_ctzll(word); }
static inline unsigned fks_highest(uint64_t word) { return 63u - (unsigned)__builtin_clzll(word); }

typedef __int128 fks_wide;

/* No price, trigger or offset is further from zero; market orders of an auction stand beyond. */
#define FKS_PRICE_BOUND ((int64_t)1 << 53)
#define FKS_MARKET_KEY (-((int64_t)1 << 62))
#define FKS_NO_KEY INT64_MAX

/* The four bytes {kind, side, type, tif}, the flags and the instrument of a command as one word. */
static inline uint64_t fks_head(const void *command) {
    uint64_t word;
    memcpy(&word, command, sizeof word);
    return word;
}

/* Both halves of the product folded: every bit of an id reaches every bit of its hash. */
static inline uint32_t fks_hash(uint64_t id) {
    unsigned __int128 p = (unsigned __int128)(id ^ 0x9E3779B97F4A7C15ull) * 0xD6E8FEB86659FD93ull;
    uint64_t word = (uint64_t)p ^ (uint64_t)(p >> 64);
    return (uint32_t)(word >> 32) ^ (uint32_t)word;
}

/* Zeroed memory in large pages where the system has them: a table of a million orders would miss
   the address cache at nearly every access. Touched when first used. NULL without memory. */
static inline void *fks_reserve(size_t count, size_t size) {
    size_t large = (size_t)2 << 20, bytes = count * size;
    if (bytes < large) return calloc(count, size);
    bytes = (bytes + large - 1) & ~(large - 1);
    char *at = mmap(NULL, bytes + large, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return NULL;
    size_t off = (large - ((uintptr_t)at & (large - 1))) & (large - 1);
    if (off) munmap(at, off);
    if (off < large) munmap(at + off + bytes, large - off);
#ifdef MADV_HUGEPAGE
    madvise(at + off, bytes, MADV_HUGEPAGE);
#endif
    return at + off;
}

static inline void fks_release(void *at, size_t count, size_t size) {
    size_t large = (size_t)2 << 20, bytes = count * size;
    if (!at) return;
    if (bytes < large) free(at);
    else munmap(at, (bytes + large - 1) & ~(large - 1));
}

/* Seven entries in one cache line: the tags (a hash with its lowest bit set; 0 where free), how many
   entries went past a full bucket, and the slots. */
typedef struct { uint32_t tag[7], over, slot[7], spare; } fks_bucket;

/* The lanes of eight words that equal one, as bits; all compared at once. */
#if defined(__SSE2__)
#include <emmintrin.h>
static inline uint32_t fks_equal(const uint32_t *words, uint32_t one) {
    __m128i all = _mm_set1_epi32((int)one);
    __m128i low = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)words), all);
    __m128i high = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), all);
    return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(low))
        | (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
}
#else
static inline uint32_t fks_equal(const uint32_t *words, uint32_t one) {
    uint32_t lanes = 0;
    for (int k = 0; k < 8; k++) lanes |= (uint32_t)(words[k] == one) << k;
    return lanes;
}
#endif
static inline uint32_t fks_lanes(const fks_bucket *b, uint32_t tag) {
    return fks_equal(b->tag, tag) & 0x7f; /* the eighth word is `over` */
}
static inline uint32_t fks_slots(const fks_bucket *b, uint32_t slot) {
    return fks_equal(b->slot, slot) & 0x7f;
}

/* One of two places, without a branch that guesses wrong every other time. */
static inline uint32_t *fks_link(uint32_t slot, uint32_t *inside, uint32_t *outside) {
    uintptr_t pick = (uintptr_t)0 - (slot != 0);
    return (uint32_t *)(((uintptr_t)inside & pick) | ((uintptr_t)outside & ~pick));
}

#if defined(__GNUC__)
typedef uint64_t __attribute__((may_alias)) fks_word;
#else
typedef uint64_t fks_word;
#endif

/* An event in eight stores, each from a register: put together in memory and copied from there, it
   would wait for its own stores. {kind, side, reason, flags, instrument}, both accounts, ... */
static inline void fks_tell(void *row, uint64_t head, uint64_t accounts, uint64_t key,
                            int64_t price, uint64_t lots, uint64_t other, int64_t fee,
                            int64_t other_fee) {
    fks_word *to = (fks_word *)row;
    to[0] = head; to[1] = accounts; to[2] = key; to[3] = (uint64_t)price;
    to[4] = lots; to[5] = other; to[6] = (uint64_t)fee; to[7] = (uint64_t)other_fee;
}

static inline int64_t fks_clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#if defined(__x86_64__)
#include <x86intrin.h>
static inline uint64_t fks_ticks(void) { unsigned id; return __rdtscp(&id); }
#else
static inline uint64_t fks_ticks(void) { return (uint64_t)fks_clock_ns(); }
#endif

/* What is marked inline in the .pxi files is the path of nearly every command: inline it there. */
#if defined(__GNUC__) && defined(__OPTIMIZE__)
#undef CYTHON_INLINE
#define CYTHON_INLINE inline __attribute__((always_inline))
#endif
#endif
