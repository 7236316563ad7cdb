/* CRC32C (Castagnoli): by the instruction of SSE 4.2 where the processor has it, else by tables.

   Values chain as those of zlib.crc32: crc(b, crc(a, 0)) is the CRC of a then b. Long runs are read
   in three lanes at once, because the instruction answers after three cycles but starts each cycle;
   the lanes are joined by tables that move a CRC past LANE or 2 * LANE zero bytes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define FKS_CRC_X86 1
#include <nmmintrin.h>
#else
#define FKS_CRC_X86 0
#endif

enum { FKS_CRC_LANE = 512 };

static uint32_t fks_crc_bytes[8][256];
static uint32_t fks_crc_moved[2][4][256];
static int fks_crc_ready = 0, fks_crc_fast = 0;

static uint32_t fks_crc_past_zeros(uint32_t crc, size_t zeros) {
    while (zeros--) crc = (crc >> 8) ^ fks_crc_bytes[0][crc & 255];
    return crc;
}

static void fks_crc_start(void) {
    if (fks_crc_ready) return;
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;
        for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ 0x82f63b78u : c >> 1;
        fks_crc_bytes[0][b] = c;
    }
    for (int t = 1; t < 8; t++)
        for (int b = 0; b < 256; b++)
            fks_crc_bytes[t][b] = (fks_crc_bytes[t - 1][b] >> 8)
                ^ fks_crc_bytes[0][fks_crc_bytes[t - 1][b] & 255];
    for (int lanes = 0; lanes < 2; lanes++)
        for (int t = 0; t < 4; t++)
            for (uint32_t b = 0; b < 256; b++)
                fks_crc_moved[lanes][t][b] =
                    fks_crc_past_zeros(b << (8 * t), (size_t)FKS_CRC_LANE * (lanes + 1));
#if FKS_CRC_X86
    fks_crc_fast = __builtin_cpu_supports("sse4.2") != 0;
#endif
    fks_crc_ready = 1;
}

static inline uint64_t fks_crc_load(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static uint32_t fks_crc_by_tables(const uint8_t *p, size_t n, uint32_t crc) {
    crc = ~crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint32_t lo = crc ^ (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
        crc = fks_crc_bytes[7][lo & 255] ^ fks_crc_bytes[6][lo >> 8 & 255]
            ^ fks_crc_bytes[5][lo >> 16 & 255] ^ fks_crc_bytes[4][lo >> 24]
            ^ fks_crc_bytes[3][p[4]] ^ fks_crc_bytes[2][p[5]]
            ^ fks_crc_bytes[1][p[6]] ^ fks_crc_bytes[0][p[7]];
    }
    while (n--) crc = (crc >> 8) ^ fks_crc_bytes[0][(crc ^ *p++) & 255];
    return ~crc;
}

#if FKS_CRC_X86
static inline uint32_t fks_crc_move(int lanes, uint32_t c) {
    return fks_crc_moved[lanes][0][c & 255] ^ fks_crc_moved[lanes][1][c >> 8 & 255]
        ^ fks_crc_moved[lanes][2][c >> 16 & 255] ^ fks_crc_moved[lanes][3][c >> 24];
}

__attribute__((target("sse4.2")))
static uint32_t fks_crc_by_instruction(const uint8_t *p, size_t n, uint32_t crc) {
    uint64_t c = (uint32_t)~crc;
    for (; n >= 3 * FKS_CRC_LANE; p += 3 * FKS_CRC_LANE, n -= 3 * FKS_CRC_LANE) {
        uint64_t a = c, b = 0, d = 0;
        for (int i = 0; i < FKS_CRC_LANE; i += 8) {
            a = _mm_crc32_u64(a, fks_crc_load(p + i));
            b = _mm_crc32_u64(b, fks_crc_load(p + FKS_CRC_LANE + i));
            d = _mm_crc32_u64(d, fks_crc_load(p + 2 * FKS_CRC_LANE + i));
        }
        c = fks_crc_move(1, (uint32_t)a) ^ fks_crc_move(0, (uint32_t)b) ^ (uint32_t)d;
    }
    for (; n >= 8; p += 8, n -= 8) c = _mm_crc32_u64(c, fks_crc_load(p));
    while (n--) c = _mm_crc32_u8((uint32_t)c, *p++);
    return ~(uint32_t)c;
}
#endif

static inline uint32_t fks_crc32c(const uint8_t *p, size_t n, uint32_t crc) {
#if FKS_CRC_X86
    if (fks_crc_fast) return fks_crc_by_instruction(p, n, crc);
#endif
    return fks_crc_by_tables(p, n, crc);
}
