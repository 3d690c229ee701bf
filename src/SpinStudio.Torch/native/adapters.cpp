// A frozen product with low-rank adapters beside it, as one operator: what the adapters add goes straight into the product, part by part, and
// nothing is kept for the way back but the input and its few low-rank columns.

#include "recording.h"

namespace {

using at::Tensor;
using Optional = c10::optional<at::Tensor>;
using spin::recorded;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Calls body(rows of the output, columns of the low rank, rows of b) for each part that has an adapter, as (begin, count).
template <class Body>
void each_adapted(at::IntArrayRef rows, at::IntArrayRef ranks, Body body) {
  int64_t output = 0, low = 0, adapted = 0;
  for (size_t i = 0; i < rows.size(); i++) {
    if (ranks[i] > 0) {
      body(output, low, adapted, rows[i], ranks[i]);
      low += ranks[i];
      adapted += rows[i];
    }
    output += rows[i];
  }
}

void check(const Tensor& input, const Optional& dropped, const Tensor& weight, const Tensor& a, const Tensor& b, at::IntArrayRef rows, at::IntArrayRef ranks) {
  TORCH_CHECK(rows.size() == ranks.size(), rows.size(), " parts need as many ranks, not ", ranks.size());
  int64_t outputs = 0, low = 0, adapted = 0;
  for (size_t i = 0; i < rows.size(); i++) {
    TORCH_CHECK(rows[i] >= 0 && (ranks[i] == 0 || ranks[i] == b.size(1)), "the rank of an adapter must be that of b, ", b.size(1), ", not ", ranks[i]);
    outputs += rows[i];
    low += ranks[i];
    adapted += ranks[i] > 0 ? rows[i] : 0;
  }
  TORCH_CHECK(input.dim() == 2 && weight.dim() == 2 && weight.size(0) == outputs, "the parts have ", outputs, " rows, but the weight is ", weight.sizes());
  TORCH_CHECK(a.sizes() == at::IntArrayRef({low, input.size(1)}) && b.size(0) == adapted, "a must be [", low, ", ", input.size(1), "] and b [", adapted, ", rank], not ",
              a.sizes(), " and ", b.sizes());
  TORCH_CHECK(!dropped || dropped->sizes() == input.sizes(), "the dropped input must be ", input.sizes(), ", not another");
  TORCH_CHECK(!weight.requires_grad(), "the weight beside adapters is frozen");
}

// The product and, for the way back, scale · x · aᵀ.
std::tuple<Tensor, Tensor> forward_with_low(const Tensor& input, const Optional& dropped, const Tensor& weight, const Optional& bias, const Tensor& a, const Tensor& b,
                                            double scale, at::IntArrayRef rows, at::IntArrayRef ranks) {
  check(input, dropped, weight, a, b, rows, ranks);
  auto y = at::linear(input, weight, bias), low = at::linear(dropped ? *dropped : input, a).mul_(scale);
  each_adapted(rows, ranks, [&](int64_t output, int64_t column, int64_t row, int64_t count, int64_t rank) {
    y.narrow(1, output, count).add_(at::linear(low.narrow(1, column, rank), b.narrow(0, row, count)));
  });
  return {y, low};
}

struct AdaptedLinear : torch::autograd::Function<AdaptedLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Optional& dropped, const Tensor& weight, const Optional& bias, const Tensor& a, const Tensor& b,
                        double scale, std::vector<int64_t> rows, std::vector<int64_t> ranks) {
    at::AutoDispatchBelowADInplaceOrView below;
    Tensor output, low;
    std::tie(output, low) = forward_with_low(input, dropped, weight, bias, a, b, scale, rows, ranks);
    context->save_for_backward({dropped ? *dropped : input, weight, a, b, low});
    context->saved_data["input"] = input.requires_grad();
    context->saved_data["dropped"] = dropped && dropped->requires_grad();
    context->saved_data["apart"] = dropped.has_value();
    context->saved_data["scale"] = scale;
    context->saved_data["rows"] = rows;
    context->saved_data["ranks"] = ranks;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    auto &x = saved[0], &weight = saved[1], &a = saved[2], &b = saved[3], &low = saved[4];
    auto dy = gradients[0].contiguous(), dlow = at::empty_like(low), db = at::empty_like(b);
    each_adapted(context->saved_data["rows"].toIntVector(), context->saved_data["ranks"].toIntVector(),
                 [&](int64_t output, int64_t column, int64_t row, int64_t count, int64_t rank) {
                   auto part = dy.narrow(1, output, count);
                   dlow.narrow(1, column, rank).copy_(part.mm(b.narrow(0, row, count)));
                   db.narrow(0, row, count).copy_(part.t().mm(low.narrow(1, column, rank)));
                 });
    dlow.mul_(context->saved_data["scale"].toDouble());
    Tensor dx, ddropped;
    if (context->saved_data["input"].toBool()) dx = dy.mm(weight);
    if (context->saved_data["dropped"].toBool()) ddropped = dlow.mm(a);
    if (dx.defined() && !context->saved_data["apart"].toBool()) dx.add_(dlow.mm(a));
    return {dx, ddropped, Tensor(), Tensor(), dlow.t().mm(x), db, Tensor(), Tensor(), Tensor()};
  }
};

Tensor adapted_linear(const Tensor& input, const Optional& dropped, const Tensor& weight, const Optional& bias, const Tensor& a, const Tensor& b,
                      double scale, at::IntArrayRef rows, at::IntArrayRef ranks) {
  if (recorded({input, a, b})) return AdaptedLinear::apply(input, dropped, weight, bias, a, b, scale, rows.vec(), ranks.vec());
  at::AutoDispatchBelowADInplaceOrView below;
  return std::get<0>(forward_with_low(input, dropped, weight, bias, a, b, scale, rows, ranks));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(spinstudio, library) {
  library.def(
      "adapted_linear(Tensor input, Tensor? dropped, Tensor weight, Tensor? bias, Tensor a, Tensor b, float scale, int[] rows, int[] ranks) -> Tensor");
}

TORCH_LIBRARY_IMPL(spinstudio, AutogradCPU, library) { library.impl("adapted_linear", adapted_linear); }
