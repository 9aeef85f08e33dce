/* Put before every C++ file of llama.cpp (-include) when GCC compiles it; see fastbuild.cmake.
 *
 * GCC 12 declares `_tile_loadconfig` as reading 8 of the 64 bytes of the tile configuration, and `_tile_loadd` as
 * reading no memory at all. The optimiser drops the stores that it thinks nobody reads, the CPU faults on the
 * garbage, and the first llama_decode on a machine with AMX dies with SIGSEGV at ldtilecfg (llama.cpp issue 20824;
 * GCC has it right since 13.2.1). Here are the same instructions with honest operands: also correct on later
 * compilers, so the version is not asked. Without AMX (__AMX_TILE__ unset) this file is empty. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__AMX_TILE__)
#include <immintrin.h>
#undef _tile_loadconfig
#define _tile_loadconfig(config) \
    __asm__ volatile("ldtilecfg\t%X0" ::"m"(*(const char(*)[64])(config)) : "memory")
#undef _tile_loadd_internal
#define _tile_loadd_internal(tile, base, stride)                                     \
    __asm__ volatile("tileloadd\t(%0,%1,1), %%tmm" #tile ::"r"((const void *)(base)), \
                     "r"((long)(stride)) : "memory")
#endif
