// Optimizer steps in one pass over flat buffers: parameter, moments, gradient and the rounded bfloat16 copy are read and written once, which is
// all that counts in a loop bound by memory. Registered with libtorch's dispatcher under "spinstudio::", so spin_call reaches them.
// Each element depends on itself alone: the bits are the same for any thread count.

#include "registration.h"

#include <cmath>

namespace {

constexpr int64_t kGrain = 1 << 15;
constexpr int64_t kSlice = 2048;  // stays in the cache until the rounded copy is written

void check(const at::Tensor& tensor, const char* name, const at::Tensor& master) {
  TORCH_CHECK(tensor.is_contiguous() && tensor.device().is_cpu(), name, " must be contiguous and on the CPU");
  TORCH_CHECK(tensor.numel() == master.numel(), name, " has ", tensor.numel(), " elements, the master weights ", master.numel());
  TORCH_CHECK(tensor.scalar_type() == master.scalar_type(), name, " is ", tensor.scalar_type(), ", the master weights ", master.scalar_type());
}

spin::BFloat16* model_data(const c10::optional<at::Tensor>& model, const at::Tensor& master) {
  if (!model.has_value() || !model->defined()) return nullptr;
  TORCH_CHECK(model->scalar_type() == at::kBFloat16 && model->is_contiguous() && model->numel() == master.numel(),
              "the model copy must be contiguous BFloat16 with ", master.numel(), " elements");
  return spin::data<spin::BFloat16>(*model);
}

template <class Update>
void for_slices(int64_t count, spin::BFloat16* model, Update update) {
  at::parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += kSlice) update(at, model == nullptr ? nullptr : model + at, std::min(kSlice, end - at));
  });
}

void adamw_(const at::Tensor& master, const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq, const at::Tensor& grad,
            const c10::optional<at::Tensor>& model, double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step) {
  check(master, "master", master);
  check(exp_avg, "exp_avg", master);
  check(exp_avg_sq, "exp_avg_sq", master);
  check(grad, "grad", master);
  TORCH_CHECK(step >= 1, "the first step is 1, not ", step);
  auto* bits = model_data(model, master);
  spin::AdamW constants{1 - lr * weight_decay, beta1, beta2, 1 - beta1, 1 - beta2, std::sqrt(1 - std::pow(beta2, step)), lr / (1 - std::pow(beta1, step)), eps};
  AT_DISPATCH_FLOATING_TYPES(master.scalar_type(), "adamw_", [&] {
    auto *w = spin::data<scalar_t>(master), *m = spin::data<scalar_t>(exp_avg), *v = spin::data<scalar_t>(exp_avg_sq), *g = spin::data<scalar_t>(grad);
    for_slices(master.numel(), bits, [&](int64_t at, spin::BFloat16* copy, int64_t count) {
      spin::optimizer_loops<scalar_t>().adamw(constants, w + at, m + at, v + at, g + at, copy, count);
    });
  });
}

void rmsprop_(const at::Tensor& master, const at::Tensor& square_avg, const at::Tensor& grad, const c10::optional<at::Tensor>& model, double lr,
              double alpha, double eps, double weight_decay) {
  check(master, "master", master);
  check(square_avg, "square_avg", master);
  check(grad, "grad", master);
  auto* bits = model_data(model, master);
  spin::RmsProp constants{lr, alpha, 1 - alpha, eps, weight_decay};
  AT_DISPATCH_FLOATING_TYPES(master.scalar_type(), "rmsprop_", [&] {
    auto *w = spin::data<scalar_t>(master), *v = spin::data<scalar_t>(square_avg), *g = spin::data<scalar_t>(grad);
    for_slices(master.numel(), bits, [&](int64_t at, spin::BFloat16* copy, int64_t count) {
      spin::optimizer_loops<scalar_t>().rmsprop(constants, w + at, v + at, g + at, copy, count);
    });
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
