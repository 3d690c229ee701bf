// Chooses, when the library is loaded, the copy of the loops that this processor runs best.

#include "loops.h"

#define SPIN_DECLARE(copy)                               \
  namespace copy {                                       \
  extern const Loops<float> floats;                      \
  extern const Loops<double> doubles;                    \
  extern const Loops<BFloat16> bfloats;                  \
  extern const OptimizerLoops<float> float_optimizers;   \
  extern const OptimizerLoops<double> double_optimizers; \
  }

namespace spin {

SPIN_DECLARE(baseline)
#if defined(__x86_64__)
SPIN_DECLARE(avx2)
SPIN_DECLARE(avx512)
#endif

namespace {

template <class Table>
const Table& best(const Table& baseline_copy, const Table& avx2_copy, const Table& avx512_copy) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return avx512_copy;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_copy;
#endif
  return baseline_copy;
}

}  // namespace

#if defined(__x86_64__)
#define SPIN_BEST(table) best(baseline::table, avx2::table, avx512::table)
#else
#define SPIN_BEST(table) baseline::table
#endif

template <>
const Loops<float>& loops<float>() {
  static const auto& chosen = SPIN_BEST(floats);
  return chosen;
}
template <>
const Loops<double>& loops<double>() {
  static const auto& chosen = SPIN_BEST(doubles);
  return chosen;
}
template <>
const Loops<BFloat16>& loops<BFloat16>() {
  static const auto& chosen = SPIN_BEST(bfloats);
  return chosen;
}
template <>
const OptimizerLoops<float>& optimizer_loops<float>() {
  static const auto& chosen = SPIN_BEST(float_optimizers);
  return chosen;
}
template <>
const OptimizerLoops<double>& optimizer_loops<double>() {
  static const auto& chosen = SPIN_BEST(double_optimizers);
  return chosen;
}

}  // namespace spin
