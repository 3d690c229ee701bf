// What the files that meet libtorch share: its headers, and tensors seen as the loops see them.
#pragma once

#include "loops.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace spin {

// libtorch's element types as the loops name them.
template <class T>
struct LoopType {
  using type = T;
};
template <>
struct LoopType<at::BFloat16> {
  using type = BFloat16;
};

template <class T>
T* data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

// Does `count` pieces of work of unlike size: each thread takes the next one.
template <class Body>
void for_each_piece(int64_t count, Body body) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(count, at::get_num_threads()), 1, [&](int64_t begin, int64_t end) {
    for (; begin < end; begin++)
      for (int64_t piece = next++; piece < count; piece = next++) body(piece);
  });
}

}  // namespace spin

// Runs the body with T the loops' element type and A their accumulator.
#define SPIN_DISPATCH(tensor, name, ...)                                                           \
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, (tensor).scalar_type(), name, [&] {                \
    using T = spin::LoopType<scalar_t>::type;                                                      \
    using A __attribute__((unused)) = spin::Accumulator<T>::type;                                                    \
    __VA_ARGS__                                                                                    \
  })
