// RMS norm, SwiGLU and rotary positions as one pass each, with their gradients; and the drawing of tokens.

#include "recording.h"

#include <vector>

namespace {

using at::Tensor;
using spin::accumulator_type;
using spin::grain;
using spin::kGrainElements;
using spin::recorded;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kBlocks = 16;              // partial sums of weight gradients: as many for any thread count

// ---- RMS norm ---------------------------------------------------------------------------------------------------------------

std::tuple<Tensor, Tensor> rms_norm_forward(const Tensor& input, const Tensor& weight, double eps) {
  auto width = input.size(-1);
  TORCH_CHECK(weight.dim() == 1 && weight.size(0) == width, "the weight must be [", width, "], not ", weight.sizes());
  TORCH_CHECK(weight.scalar_type() == input.scalar_type(), "input and weight must have one type");
  auto x = input.contiguous(), w = weight.contiguous(), y = at::empty_like(x);
  auto rows = width == 0 ? 0 : x.numel() / width;
  auto rstd = at::empty({rows}, x.options().dtype(accumulator_type(x)));
  SPIN_DISPATCH(x, "rms_norm", {
    auto *xs = spin::data<T>(x), *ws = spin::data<T>(w), *ys = spin::data<T>(y);
    auto* scales = spin::data<A>(rstd);
    at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
      spin::loops<T>().rms_norm(xs + begin * width, ws, ys + begin * width, scales + begin, end - begin, width, eps);
    });
  });
  return {y, rstd};
}

std::tuple<Tensor, Tensor> rms_norm_backward(const Tensor& gradient, const Tensor& input, const Tensor& weight, const Tensor& rstd) {
  auto width = input.size(-1), rows = rstd.numel();
  auto dy = gradient.contiguous(), x = input.contiguous(), w = weight.contiguous(), dx = at::empty_like(x);
  auto partial = at::zeros({kBlocks, width}, rstd.options());
  SPIN_DISPATCH(x, "rms_norm_backward", {
    auto *gs = spin::data<T>(dy), *xs = spin::data<T>(x), *ws = spin::data<T>(w), *ds = spin::data<T>(dx);
    auto *scales = spin::data<A>(rstd), *sums = spin::data<A>(partial);
    auto block = (rows + kBlocks - 1) / kBlocks;
    at::parallel_for(0, kBlocks, std::max<int64_t>(1, grain(width * std::max<int64_t>(block, 1))), [&](int64_t begin, int64_t end) {
      for (auto i = begin; i < end; i++) {
        auto first = std::min(i * block, rows);
        auto last = std::min(first + block, rows);
        spin::loops<T>().rms_norm_backward(gs + first * width, xs + first * width, ws, scales + first, ds + first * width, sums + i * width,
                                           last - first, width);
      }
    });
  });
  return {dx, partial.sum(0).to(weight.scalar_type())};
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight, double eps) {
    at::AutoDispatchBelowADInplaceOrView below;
    Tensor output, rstd;
    std::tie(output, rstd) = rms_norm_forward(input, weight, eps);
    context->save_for_backward({input, weight, rstd});
    return output;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    auto result = rms_norm_backward(gradients[0], saved[0], saved[1], saved[2]);
    return {std::get<0>(result), std::get<1>(result), Tensor()};
  }
};

Tensor rms_norm(const Tensor& input, const Tensor& weight, double eps) {
  if (recorded({input, weight})) return RmsNorm::apply(input, weight, eps);
  at::AutoDispatchBelowADInplaceOrView below;
  return std::get<0>(rms_norm_forward(input, weight, eps));
}

// ---- SwiGLU -----------------------------------------------------------------------------------------------------------------

Tensor swiglu_forward(const Tensor& gate, const Tensor& up) {
  TORCH_CHECK(gate.sizes() == up.sizes() && gate.scalar_type() == up.scalar_type(), "gate and up must have one shape and type, not ", gate.sizes(),
              " and ", up.sizes());
  auto g = gate.contiguous(), u = up.contiguous(), y = at::empty_like(g);
  SPIN_DISPATCH(g, "swiglu", {
    auto *gs = spin::data<T>(g), *us = spin::data<T>(u), *ys = spin::data<T>(y);
    at::parallel_for(0, g.numel(), kGrainElements, [&](int64_t begin, int64_t end) {
      spin::loops<T>().swiglu(gs + begin, us + begin, ys + begin, end - begin);
    });
  });
  return y;
}

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate, const Tensor& up) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({gate, up});
    return swiglu_forward(gate, up);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    auto dy = gradients[0].contiguous(), g = saved[0].contiguous(), u = saved[1].contiguous(), dg = at::empty_like(g), du = at::empty_like(u);
    SPIN_DISPATCH(g, "swiglu_backward", {
      auto *ds = spin::data<T>(dy), *gs = spin::data<T>(g), *us = spin::data<T>(u), *dgs = spin::data<T>(dg), *dus = spin::data<T>(du);
      at::parallel_for(0, g.numel(), kGrainElements, [&](int64_t begin, int64_t end) {
        spin::loops<T>().swiglu_backward(ds + begin, gs + begin, us + begin, dgs + begin, dus + begin, end - begin);
      });
    });
    return {dg, du};
  }
};

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  if (recorded({gate, up})) return SwiGlu::apply(gate, up);
  at::AutoDispatchBelowADInplaceOrView below;
  return swiglu_forward(gate, up);
}

// ---- rotary positions ---------------------------------------------------------------------------------------------------------

Tensor rotate(const Tensor& input, const Tensor& cos, const Tensor& sin, const Tensor& positions, double sign) {
  TORCH_CHECK(input.dim() >= 2 && input.size(-1) % 2 == 0, "the input must be [tokens…, heads, even width], not ", input.sizes());
  auto x = input.contiguous(), c = cos.contiguous(), s = sin.contiguous(), at_positions = positions.contiguous(), y = at::empty_like(x);
  auto width = x.size(-1), heads = x.size(-2), tokens = at_positions.numel();
  TORCH_CHECK(at_positions.scalar_type() == at::kLong && tokens * heads * width == x.numel(), "positions must be Int64, one for each token of ",
              x.sizes(), ", not ", positions.sizes());
  TORCH_CHECK(c.dim() == 2 && c.size(1) == width / 2 && c.sizes() == s.sizes() && c.scalar_type() == accumulator_type(x) && s.scalar_type() == c.scalar_type(),
              "cos and sin must be ", accumulator_type(x), "[positions, ", width / 2, "], not ", c.scalar_type(), c.sizes());
  auto* where = spin::data<int64_t>(at_positions);
  auto limit = c.size(0);
  for (int64_t i = 0; i < tokens; i++)
    TORCH_CHECK(where[i] >= 0 && where[i] < limit, "position ", where[i], " is outside the table of ", limit, " positions");
  SPIN_DISPATCH(x, "rotary", {
    auto *xs = spin::data<T>(x), *ys = spin::data<T>(y);
    auto *cs = spin::data<A>(c), *ss = spin::data<A>(s);
    at::parallel_for(0, tokens, grain(heads * width), [&](int64_t begin, int64_t end) {
      for (auto i = begin; i < end; i++)
        spin::loops<T>().rotary(xs + i * heads * width, cs + where[i] * (width / 2), ss + where[i] * (width / 2), ys + i * heads * width, heads, width,
                                sign);
    });
  });
  return y;
}

// A rotation: its gradient is the rotation back.
struct Rotary : torch::autograd::Function<Rotary> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& cos, const Tensor& sin, const Tensor& positions) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({cos, sin, positions});
    return rotate(input, cos, sin, positions, 1);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    return {rotate(gradients[0], saved[0], saved[1], saved[2], -1), Tensor(), Tensor(), Tensor()};
  }
};

Tensor rotary(const Tensor& input, const Tensor& cos, const Tensor& sin, const Tensor& positions) {
  if (recorded({input})) return Rotary::apply(input, cos, sin, positions);
  at::AutoDispatchBelowADInplaceOrView below;
  return rotate(input, cos, sin, positions, 1);
}

// ---- products of few rows: bound by reading the weights once ---------------------------------------------------------------------

Tensor few_rows_linear(const Tensor& input, const Tensor& weight) {
  auto x = input.contiguous(), w = weight.contiguous();
  TORCH_CHECK(x.dim() == 2 && w.dim() == 2 && x.size(1) == w.size(1) && x.scalar_type() == w.scalar_type(),
              "input must be [rows, in] and weight [out, in] of one type, not ", x.scalar_type(), x.sizes(), " and ", w.scalar_type(), w.sizes());
  auto rows = x.size(0), inner = x.size(1), outer = w.size(0);
  auto y = at::empty({rows, outer}, x.options());
  constexpr int64_t kColumns = 64;
  auto blocks = (outer + kColumns - 1) / kColumns;
  SPIN_DISPATCH(x, "few_rows_linear", {
    auto *xs = spin::data<T>(x), *ws = spin::data<T>(w), *ys = spin::data<T>(y);
    at::parallel_for(0, blocks, grain(kColumns * inner), [&](int64_t begin, int64_t end) {
      spin::loops<T>().linear(xs, ws, ys, rows, inner, outer, begin * kColumns, std::min(end * kColumns, outer));
    });
  });
  return y;
}

// ---- sampling -----------------------------------------------------------------------------------------------------------------

Tensor sample(const Tensor& logits, const Tensor& temperatures, const Tensor& uniforms) {
  auto x = logits.contiguous(), hot = temperatures.contiguous(), drawn = uniforms.contiguous();
  auto rows = x.size(0), width = x.size(-1);
  TORCH_CHECK(x.dim() == 2 && width > 0 && hot.scalar_type() == at::kDouble && drawn.scalar_type() == at::kDouble && hot.numel() == rows && drawn.numel() == rows,
              "logits must be [rows, vocabulary], temperatures and uniforms Float64[rows], not ", logits.sizes(), ", ", temperatures.sizes(), " and ", uniforms.sizes());
  auto ids = at::empty({rows}, x.options().dtype(at::kLong));
  auto *temperature = spin::data<double>(hot), *uniform = spin::data<double>(drawn);
  auto* id = spin::data<int64_t>(ids);
  SPIN_DISPATCH(x, "sample", {
    auto* xs = spin::data<T>(x);
    at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
      std::vector<A> scratch(spin::padded(width));
      for (auto i = begin; i < end; i++) id[i] = spin::loops<T>().sample(xs + i * width, width, temperature[i], uniform[i], scratch.data());
    });
  });
  return ids;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(spinstudio, library) {
  library.def("rms_norm(Tensor input, Tensor weight, float eps) -> Tensor");
  library.def("swiglu(Tensor gate, Tensor up) -> Tensor");
  library.def("rotary(Tensor input, Tensor cos, Tensor sin, Tensor positions) -> Tensor");
  library.def("few_rows_linear(Tensor input, Tensor weight) -> Tensor");
  library.def("sample(Tensor logits, Tensor temperatures, Tensor uniforms) -> Tensor");
}

TORCH_LIBRARY_IMPL(spinstudio, AutogradCPU, library) {
  library.impl("rms_norm", rms_norm);
  library.impl("swiglu", swiglu);
  library.impl("rotary", rotary);
}

TORCH_LIBRARY_IMPL(spinstudio, CPU, library) {
  library.impl("few_rows_linear", few_rows_linear);
  library.impl("sample", sample);
}
