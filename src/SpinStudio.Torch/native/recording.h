// What operators with a gradient of their own share.
#pragma once

#include "registration.h"

#include <torch/csrc/autograd/custom_function.h>

namespace spin {

constexpr int64_t kGrainElements = 1 << 14;  // below this a second thread costs more than it brings

inline int64_t grain(int64_t row_elements) { return std::max<int64_t>(1, kGrainElements / std::max<int64_t>(1, row_elements)); }

inline at::ScalarType accumulator_type(const at::Tensor& tensor) { return tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

inline bool recorded(std::initializer_list<at::Tensor> inputs) {
  return c10::GradMode::is_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const at::Tensor& input) { return input.requires_grad(); });
}

}  // namespace spin
