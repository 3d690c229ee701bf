// Log-probabilities of tokens, from logits or straight from hidden states.

#include "recording.h"

namespace {

using at::Tensor;
using spin::accumulator_type;
using spin::grain;
using spin::recorded;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// ---- from logits ----------------------------------------------------------------------------------------------------------------

void check_targets(const Tensor& targets, int64_t rows, int64_t vocabulary) {
  TORCH_CHECK(targets.dim() == 1 && targets.scalar_type() == at::kLong && targets.size(0) == rows, "targets must be Int64[", rows, "], not ",
              targets.scalar_type(), targets.sizes());
  auto* target = spin::data<int64_t>(targets);
  for (int64_t i = 0; i < rows; i++)
    TORCH_CHECK(target[i] >= 0 && target[i] < vocabulary, "target ", target[i], " is outside the vocabulary of ", vocabulary);
}

// logits [rows, vocabulary] → log_probs and lse [rows].
void log_prob_rows(const Tensor& logits, const Tensor& targets, const Tensor& log_probs, const Tensor& lse) {
  auto rows = logits.size(0), width = logits.size(1);
  auto* target = spin::data<int64_t>(targets);
  SPIN_DISPATCH(logits, "token_log_prob", {
    auto* xs = spin::data<T>(logits);
    auto *ps = spin::data<A>(log_probs), *ls = spin::data<A>(lse);
    at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
      for (auto i = begin; i < end; i++) spin::loops<T>().token_log_prob(xs + i * width, width, target[i], ps + i, ls + i);
    });
  });
}

// The gradient of the logits, which may be the logits themselves.
void log_prob_rows_backward(const Tensor& logits, const Tensor& targets, const Tensor& lse, const Tensor& gradient, const Tensor& dlogits) {
  auto rows = logits.size(0), width = logits.size(1);
  auto* target = spin::data<int64_t>(targets);
  SPIN_DISPATCH(logits, "token_log_prob_backward", {
    auto *xs = spin::data<T>(logits), *ds = spin::data<T>(dlogits);
    auto *ls = spin::data<A>(lse), *gs = spin::data<A>(gradient);
    at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
      for (auto i = begin; i < end; i++) spin::loops<T>().token_log_prob_backward(xs + i * width, width, target[i], ls[i], gs[i], ds + i * width);
    });
  });
}

std::tuple<Tensor, Tensor> token_log_prob_forward(const Tensor& logits, const Tensor& targets) {
  TORCH_CHECK(logits.dim() == 2, "logits must be [rows, vocabulary], not ", logits.sizes());
  auto x = logits.contiguous(), ids = targets.contiguous();
  check_targets(ids, x.size(0), x.size(1));
  auto log_probs = at::empty({x.size(0)}, x.options().dtype(accumulator_type(x))), lse = at::empty_like(log_probs);
  log_prob_rows(x, ids, log_probs, lse);
  return {log_probs, lse};
}

struct TokenLogProb : torch::autograd::Function<TokenLogProb> {
  static Tensor forward(AutogradContext* context, const Tensor& logits, const Tensor& targets) {
    at::AutoDispatchBelowADInplaceOrView below;
    Tensor log_probs, lse;
    std::tie(log_probs, lse) = token_log_prob_forward(logits, targets);
    context->save_for_backward({logits, targets, lse});
    return log_probs;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    auto x = saved[0].contiguous(), dx = at::empty_like(x);
    log_prob_rows_backward(x, saved[1].contiguous(), saved[2], gradients[0].contiguous(), dx);
    return {dx, Tensor()};
  }
};

Tensor token_log_prob(const Tensor& logits, const Tensor& targets) {
  if (recorded({logits})) return TokenLogProb::apply(logits, targets);
  at::AutoDispatchBelowADInplaceOrView below;
  return std::get<0>(token_log_prob_forward(logits, targets));
}

// ---- from hidden states -----------------------------------------------------------------------------------------------------------

// Logits of `chunk` rows at a time, in one buffer: [rows, vocabulary] never exists.
class Head {
 public:
  Head(const Tensor& hidden, const Tensor& weight, const Tensor& targets, int64_t chunk)
      : hidden_(hidden.contiguous()), weight_(weight.contiguous()), targets_(targets.contiguous()), chunk_(std::min(chunk, hidden.size(0))) {
    logits_ = at::empty({chunk_, weight.size(0)}, hidden.options());
  }

  struct Chunk {
    int64_t begin, count;
    Tensor hidden, targets, logits;

    Tensor of(const Tensor& rows) const { return rows.narrow(0, begin, count); }
  };

  template <class Body>
  void each(Body body) {
    for (int64_t begin = 0; begin < hidden_.size(0); begin += chunk_) {
      auto count = std::min(chunk_, hidden_.size(0) - begin);
      Chunk chunk{begin, count, hidden_.narrow(0, begin, count), targets_.narrow(0, begin, count), logits_.narrow(0, 0, count)};
      at::mm_out(chunk.logits, chunk.hidden, weight_.t());
      body(chunk);
    }
  }

  const Tensor& weight() const { return weight_; }

 private:
  Tensor hidden_, weight_, targets_, logits_;
  int64_t chunk_;
};

struct Scored {
  Tensor log_probs, lse;
  Tensor slopes;  // d log_prob / d hidden of each row, if asked for: [rows, width]
};

Scored score(const Tensor& hidden, const Tensor& weight, const Tensor& targets, int64_t chunk, bool with_slopes) {
  TORCH_CHECK(hidden.dim() == 2 && weight.dim() == 2 && hidden.size(1) == weight.size(1) && hidden.scalar_type() == weight.scalar_type(),
              "hidden states must be [rows, width] and the head [vocabulary, width] of one type, not ", hidden.sizes(), " and ", weight.sizes());
  TORCH_CHECK(chunk > 0, "chunk must be at least 1, not ", chunk);
  check_targets(targets.contiguous(), hidden.size(0), weight.size(0));
  auto log_probs = at::empty({hidden.size(0)}, hidden.options().dtype(accumulator_type(hidden)));
  Scored scored{log_probs, at::empty_like(log_probs), with_slopes ? at::empty_like(hidden, at::MemoryFormat::Contiguous) : Tensor()};
  auto ones = at::ones({std::min(chunk, hidden.size(0))}, log_probs.options());
  Head head(hidden, weight, targets, chunk);
  head.each([&](const Head::Chunk& rows) {
    log_prob_rows(rows.logits, rows.targets, rows.of(scored.log_probs), rows.of(scored.lse));
    if (!with_slopes) return;
    log_prob_rows_backward(rows.logits, rows.targets, rows.of(scored.lse), ones.narrow(0, 0, rows.count), rows.logits);
    auto slopes = rows.of(scored.slopes);
    at::mm_out(slopes, rows.logits, head.weight());
  });
  return scored;
}

// A row's log-probability is a number, so its gradient in the hidden state is a fixed vector times the gradient that comes in: with a frozen head the
// vector is made on the way forward, from the logits that are there, and no logits are made again. A trained head needs them once more.
struct LinearLogProb : torch::autograd::Function<LinearLogProb> {
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& weight, const Tensor& targets, int64_t chunk) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto frozen = !weight.requires_grad();
    auto scored = score(hidden, weight, targets, chunk, frozen);
    context->saved_data["chunk"] = chunk;
    context->saved_data["frozen"] = frozen;
    if (frozen)
      context->save_for_backward({scored.slopes});
    else
      context->save_for_backward({hidden, weight, targets, scored.lse});
    return scored.log_probs;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    auto gradient = gradients[0].contiguous();
    if (context->saved_data["frozen"].toBool()) return {(saved[0] * gradient.unsqueeze(1)).to(saved[0].scalar_type()), Tensor(), Tensor(), Tensor()};
    auto hidden = saved[0], weight = saved[1], lse = saved[3];
    auto dhidden = at::empty_like(hidden, at::MemoryFormat::Contiguous), dweight = at::empty_like(weight, at::MemoryFormat::Contiguous);
    Head head(hidden, weight, saved[2], context->saved_data["chunk"].toInt());
    head.each([&](const Head::Chunk& rows) {
      log_prob_rows_backward(rows.logits, rows.targets, rows.of(lse), rows.of(gradient), rows.logits);
      auto slopes = rows.of(dhidden);
      at::mm_out(slopes, rows.logits, head.weight());
      if (rows.begin == 0)
        at::mm_out(dweight, rows.logits.t(), rows.hidden);
      else
        dweight.addmm_(rows.logits.t(), rows.hidden);
    });
    return {dhidden, dweight, Tensor(), Tensor()};
  }
};

Tensor linear_log_prob(const Tensor& hidden, const Tensor& weight, const Tensor& targets, int64_t chunk) {
  if (recorded({hidden, weight})) return LinearLogProb::apply(hidden, weight, targets, chunk);
  at::AutoDispatchBelowADInplaceOrView below;
  return score(hidden, weight, targets, chunk, false).log_probs;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(spinstudio, library) {
  library.def("token_log_prob(Tensor logits, Tensor targets) -> Tensor");
  library.def("linear_log_prob(Tensor hidden, Tensor weight, Tensor targets, int chunk) -> Tensor");
}

TORCH_LIBRARY_IMPL(spinstudio, AutogradCPU, library) {
  library.impl("token_log_prob", token_log_prob);
  library.impl("linear_log_prob", linear_log_prob);
}
