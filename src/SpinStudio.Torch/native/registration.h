// What the kernels share: registration with libtorch, and the rounding to bfloat16.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

// One copy of a loop per vector width, chosen when the library is loaded.
#if defined(__x86_64__)
#define SPIN_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SPIN_CLONES
#endif

namespace spin {

// The upper 16 bits of `value`, rounded to nearest, ties to even; every NaN becomes the same NaN.
inline uint16_t bfloat16_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>(value != value ? 0x7fc0u : rounded);
}

}  // namespace spin
