// Optimizer steps in one pass over flat buffers: parameter, moments, gradient and the rounded bfloat16 copy are read and written once, which is
// all that counts in a loop bound by memory. Registered with libtorch's dispatcher under "spinstudio::", so spin_call reaches them.
//
// Each element depends on itself alone and products are never fused into sums (-ffp-contract=off): the result is the same for any thread count
// and any vector width.

#include "registration.h"

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>

#include <cmath>

namespace {

constexpr int64_t kGrain = 1 << 15;

template <class T>
struct AdamW {
  T decay, beta1, one_minus_beta1, beta2, one_minus_beta2, root_correction2, step_size, epsilon;
};

template <class T>
struct RmsProp {
  T rate, alpha, one_minus_alpha, epsilon, weight_decay;
};

#define SPIN_ELEMENTWISE(T)                                                                                                          \
  SPIN_CLONES void adamw_range(const AdamW<T>& c, T* __restrict w, T* __restrict m, T* __restrict v, const T* __restrict g,         \
                               int64_t count) {                                                                                     \
    for (int64_t i = 0; i < count; i++) {                                                                                           \
      m[i] = c.beta1 * m[i] + c.one_minus_beta1 * g[i];                                                                             \
      v[i] = c.beta2 * v[i] + c.one_minus_beta2 * (g[i] * g[i]);                                                                    \
      w[i] = c.decay * w[i] - c.step_size * (m[i] / (std::sqrt(v[i]) / c.root_correction2 + c.epsilon));                            \
    }                                                                                                                               \
  }                                                                                                                                 \
  SPIN_CLONES void rmsprop_range(const RmsProp<T>& c, T* __restrict w, T* __restrict v, const T* __restrict g, int64_t count) {     \
    for (int64_t i = 0; i < count; i++) {                                                                                           \
      T gradient = g[i] + c.weight_decay * w[i];                                                                                    \
      v[i] = c.alpha * v[i] + c.one_minus_alpha * (gradient * gradient);                                                            \
      w[i] = w[i] - c.rate * (gradient / (std::sqrt(v[i]) + c.epsilon));                                                            \
    }                                                                                                                               \
  }                                                                                                                                 \
  SPIN_CLONES void round_range(const T* __restrict w, uint16_t* __restrict model, int64_t count) {                                  \
    for (int64_t i = 0; i < count; i++) model[i] = spin::bfloat16_bits(static_cast<float>(w[i]));                                   \
  }

// Clones per instruction set need plain functions: overloads for the two types, not a template.
SPIN_ELEMENTWISE(float)
SPIN_ELEMENTWISE(double)

void check(const at::Tensor& tensor, const char* name, const at::Tensor& master) {
  TORCH_CHECK(tensor.is_contiguous() && tensor.device().is_cpu(), name, " must be contiguous and on the CPU");
  TORCH_CHECK(tensor.numel() == master.numel(), name, " has ", tensor.numel(), " elements, the master weights ", master.numel());
  TORCH_CHECK(tensor.scalar_type() == master.scalar_type(), name, " is ", tensor.scalar_type(), ", the master weights ", master.scalar_type());
}

uint16_t* model_bits(const c10::optional<at::Tensor>& model, const at::Tensor& master) {
  if (!model.has_value() || !model->defined()) return nullptr;
  TORCH_CHECK(model->scalar_type() == at::kBFloat16 && model->is_contiguous() && model->numel() == master.numel(),
              "the model copy must be contiguous BFloat16 with ", master.numel(), " elements");
  return reinterpret_cast<uint16_t*>(model->data_ptr());
}

template <class T>
T* data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

// In slices that stay in the cache until the rounded copy is written.
template <class T, class Update>
void for_slices(const at::Tensor& master, uint16_t* model, Update update) {
  constexpr int64_t kSlice = 2048;
  auto* w = data<T>(master);
  at::parallel_for(0, master.numel(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += kSlice) {
      auto count = std::min(kSlice, end - at);
      update(at, count);
      if (model != nullptr) round_range(w + at, model + at, count);
    }
  });
}

void adamw_(const at::Tensor& master, const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq, const at::Tensor& grad,
            const c10::optional<at::Tensor>& model, double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step) {
  check(master, "master", master);
  check(exp_avg, "exp_avg", master);
  check(exp_avg_sq, "exp_avg_sq", master);
  check(grad, "grad", master);
  TORCH_CHECK(step >= 1, "the first step is 1, not ", step);
  auto* bits = model_bits(model, master);
  auto correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
  AT_DISPATCH_FLOATING_TYPES(master.scalar_type(), "adamw_", [&] {
    AdamW<scalar_t> c{static_cast<scalar_t>(1 - lr * weight_decay), static_cast<scalar_t>(beta1), static_cast<scalar_t>(1 - beta1),
                      static_cast<scalar_t>(beta2), static_cast<scalar_t>(1 - beta2), static_cast<scalar_t>(std::sqrt(correction2)),
                      static_cast<scalar_t>(lr / correction1), static_cast<scalar_t>(eps)};
    auto *w = data<scalar_t>(master), *m = data<scalar_t>(exp_avg), *v = data<scalar_t>(exp_avg_sq), *g = data<scalar_t>(grad);
    for_slices<scalar_t>(master, bits, [&](int64_t at, int64_t count) { adamw_range(c, w + at, m + at, v + at, g + at, count); });
  });
}

void rmsprop_(const at::Tensor& master, const at::Tensor& square_avg, const at::Tensor& grad, const c10::optional<at::Tensor>& model, double lr,
              double alpha, double eps, double weight_decay) {
  check(master, "master", master);
  check(square_avg, "square_avg", master);
  check(grad, "grad", master);
  auto* bits = model_bits(model, master);
  AT_DISPATCH_FLOATING_TYPES(master.scalar_type(), "rmsprop_", [&] {
    RmsProp<scalar_t> c{static_cast<scalar_t>(lr), static_cast<scalar_t>(alpha), static_cast<scalar_t>(1 - alpha), static_cast<scalar_t>(eps),
                        static_cast<scalar_t>(weight_decay)};
    auto *w = data<scalar_t>(master), *v = data<scalar_t>(square_avg), *g = data<scalar_t>(grad);
    for_slices<scalar_t>(master, bits, [&](int64_t at, int64_t count) { rmsprop_range(c, w + at, v + at, g + at, count); });
  });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(spinstudio, library) {
  library.def(
      "adamw_(Tensor(a!) master, Tensor(b!) exp_avg, Tensor(c!) exp_avg_sq, Tensor grad, Tensor(d!)? model, float lr, float beta1, float beta2, "
      "float eps, float weight_decay, int step) -> ()");
  library.def(
      "rmsprop_(Tensor(a!) master, Tensor(b!) square_avg, Tensor grad, Tensor(c!)? model, float lr, float alpha, float eps, float weight_decay) -> ()");
}

TORCH_LIBRARY_IMPL(spinstudio, CPU, library) {
  library.impl("adamw_", adamw_);
  library.impl("rmsprop_", rmsprop_);
}
