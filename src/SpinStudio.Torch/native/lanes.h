// Sixteen lanes at a time, in GCC's vector extension: one register of AVX-512, two of AVX2, four of SSE, with the same results.
#pragma once

#include "loops.h"

#include <cmath>
#include <cstring>

#if defined(__AVX512F__) || defined(__FMA__)
#include <immintrin.h>
#endif

#define SPIN_INLINE inline __attribute__((always_inline))

// Each instruction set has its own copy of everything here.
namespace {

constexpr int64_t kLanes = 16;

typedef float F __attribute__((vector_size(64)));
typedef double D __attribute__((vector_size(128)));
typedef int32_t I __attribute__((vector_size(64)));
typedef uint32_t U __attribute__((vector_size(64)));
typedef uint16_t H __attribute__((vector_size(32)));

template <class A>
struct LanesOf;
template <>
struct LanesOf<float> {
  typedef F type;
};
template <>
struct LanesOf<double> {
  typedef D type;
};
template <class A>
using Lanes = typename LanesOf<A>::type;

// Elements of a row: sixteen, or what is left at its end.
struct Full {};
struct Part {
  int64_t count;
};

template <class Body>
SPIN_INLINE void for_lanes(int64_t count, Body&& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, Full{});
  if (i < count) body(i, Part{count - i});
}

SPIN_INLINE F widen(H bits) { return (F)(__builtin_convertvector(bits, U) << 16); }

// The upper 16 bits rounded to nearest, ties to even; every NaN becomes the same NaN.
SPIN_INLINE U rounded_bits(F value) {
  U bits = (U)value;
  U rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  I is_nan = value != value;
  return is_nan ? (U{} + 0x7fc0u) : rounded;
}

SPIN_INLINE F load(const float* from, Full) {
  F v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
SPIN_INLINE D load(const double* from, Full) {
  D v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
SPIN_INLINE F load(const spin::BFloat16* from, Full) {
  H v;
  std::memcpy(&v, from, sizeof(v));
  return widen(v);
}
SPIN_INLINE F load(const float* from, Part part) {
  F v = {};
  std::memcpy(&v, from, part.count * sizeof(float));
  return v;
}
SPIN_INLINE D load(const double* from, Part part) {
  D v = {};
  std::memcpy(&v, from, part.count * sizeof(double));
  return v;
}
SPIN_INLINE F load(const spin::BFloat16* from, Part part) {
  H v = {};
  std::memcpy(&v, from, part.count * sizeof(uint16_t));
  return widen(v);
}

SPIN_INLINE void store(float* to, F v, Full) { std::memcpy(to, &v, sizeof(v)); }
SPIN_INLINE void store(double* to, D v, Full) { std::memcpy(to, &v, sizeof(v)); }
SPIN_INLINE void store(spin::BFloat16* to, F v, Full) {
  H bits = __builtin_convertvector(rounded_bits(v), H);
  std::memcpy(to, &bits, sizeof(bits));
}
SPIN_INLINE void store(float* to, F v, Part part) { std::memcpy(to, &v, part.count * sizeof(float)); }
SPIN_INLINE void store(double* to, D v, Part part) { std::memcpy(to, &v, part.count * sizeof(double)); }
SPIN_INLINE void store(spin::BFloat16* to, F v, Part part) {
  H bits = __builtin_convertvector(rounded_bits(v), H);
  std::memcpy(to, &bits, part.count * sizeof(uint16_t));
}

// As it would read back after being stored as T.
template <class T>
struct Round {
  template <class V>
  static SPIN_INLINE V apply(V v) {
    return v;
  }
};
template <>
struct Round<spin::BFloat16> {
  static SPIN_INLINE F apply(F v) { return (F)(rounded_bits(v) << 16); }
};

SPIN_INLINE F splat(float value) { return F{} + value; }
SPIN_INLINE D splat(double value) { return D{} + value; }

// a * b + c, rounded once.
SPIN_INLINE F fused(F a, F b, F c) {
#if defined(__AVX512F__)
  return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  __m256 x[2], y[2], z[2];
  std::memcpy(x, &a, sizeof(a));
  std::memcpy(y, &b, sizeof(b));
  std::memcpy(z, &c, sizeof(c));
  for (int i = 0; i < 2; i++) z[i] = _mm256_fmadd_ps(x[i], y[i], z[i]);
  std::memcpy(&c, z, sizeof(c));
  return c;
#else
  for (int i = 0; i < kLanes; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
#endif
}
SPIN_INLINE D fused(D a, D b, D c) { return a * b + c; }

// Adjacent halves are added until one lane is left.
template <class V>
SPIN_INLINE auto sum(V v) {
  auto lanes = v[0];
  decltype(lanes) t[kLanes];
  std::memcpy(t, &v, sizeof(v));
  for (int64_t half = kLanes / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; i++) t[i] += t[i + half];
  return t[0];
}
// sum() of sixteen vectors at once, each in its lane: the same additions in the same order, with every lane at work.
template <class V>
SPIN_INLINE V sums(const V* v) {
  V eight[8], four[4], two[2];
  for (int i = 0; i < 8; i++)
    eight[i] = __builtin_shufflevector(v[i], v[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
               __builtin_shufflevector(v[i], v[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  for (int i = 0; i < 4; i++)
    four[i] = __builtin_shufflevector(eight[i], eight[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
              __builtin_shufflevector(eight[i], eight[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  for (int i = 0; i < 2; i++)
    two[i] = __builtin_shufflevector(four[i], four[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
             __builtin_shufflevector(four[i], four[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  return __builtin_shufflevector(two[0], two[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
         __builtin_shufflevector(two[0], two[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}
template <class V>
SPIN_INLINE auto largest(V v) {
  auto result = v[0];
  for (int64_t i = 1; i < kLanes; i++) result = v[i] > result ? v[i] : result;
  return result;
}

// eˣ to about one unit in the last place: x = n ln 2 + r with |r| ≤ ln 2 / 2, the series of eʳ to the seventh power, times 2ⁿ.
// Below -87, where floats run out, it is 0; above 88 it is e⁸⁸.
SPIN_INLINE F exponential(F x) {
  I vanishes = x < -87.0f;
  x = x > 88.0f ? splat(88.0f) : x;
  x = vanishes ? splat(-87.0f) : x;
  F shifted = fused(x, splat(1.44269504f), splat(12582912.0f));  // the addend, 1.5 · 2²³, leaves the nearest integer in the low bits
  F n = shifted - 12582912.0f;
  F r = fused(n, splat(-0.693145752f), x);  // ln 2 in two parts, the first exact in few bits
  r = fused(n, splat(-1.42860677e-6f), r);
  F p = splat(1.0f / 5040);
  p = fused(p, r, splat(1.0f / 720));
  p = fused(p, r, splat(1.0f / 120));
  p = fused(p, r, splat(1.0f / 24));
  p = fused(p, r, splat(1.0f / 6));
  p = fused(p, r, splat(0.5f));
  p = fused(p, r, splat(1.0f));
  p = fused(p, r, splat(1.0f));
  F power = (F)(((U)shifted - 0x4b400000u + 127u) << 23);
  return vanishes ? F{} : p * power;
}
SPIN_INLINE D exponential(D x) {
  for (int i = 0; i < kLanes; i++) x[i] = std::exp(x[i]);
  return x;
}

template <class V>
SPIN_INLINE V sigmoid(V x) {
  return 1 / (1 + exponential(-x));
}

}  // namespace
