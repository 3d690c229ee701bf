// Compiled once for each instruction set, with SPIN_LOOPS naming the copy; see loops.h for what the loops compute.

#include "attention.h"
#include "lanes.h"

#include <algorithm>

namespace {

using spin::BFloat16;
template <class T>
using Acc = typename spin::Accumulator<T>::type;

// ---- optimizers: plain loops, left to the compiler ------------------------------------------------------------------------

void round_to(const float* w, BFloat16* model, int64_t count) {
  for_lanes(count, [&](int64_t i, auto part) { store(model + i, load(w + i, part), part); });
}
void round_to(const double* w, BFloat16* model, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float value = static_cast<float>(w[i]);
    round_to(&value, model + i, 1);
  }
}

template <class A>
void adamw(const spin::AdamW& constants, A* __restrict w, A* __restrict m, A* __restrict v, const A* __restrict g, BFloat16* model, int64_t count) {
  A decay = constants.decay, beta1 = constants.beta1, beta2 = constants.beta2, rest1 = constants.one_minus_beta1, rest2 = constants.one_minus_beta2,
    correction = constants.root_correction2, step = constants.step_size, epsilon = constants.epsilon;
  for (int64_t i = 0; i < count; i++) {
    m[i] = beta1 * m[i] + rest1 * g[i];
    v[i] = beta2 * v[i] + rest2 * (g[i] * g[i]);
    w[i] = decay * w[i] - step * (m[i] / (std::sqrt(v[i]) / correction + epsilon));
  }
  if (model != nullptr) round_to(w, model, count);
}

template <class A>
void rmsprop(const spin::RmsProp& constants, A* __restrict w, A* __restrict v, const A* __restrict g, BFloat16* model, int64_t count) {
  A rate = constants.rate, alpha = constants.alpha, rest = constants.one_minus_alpha, epsilon = constants.epsilon, decay = constants.weight_decay;
  for (int64_t i = 0; i < count; i++) {
    A gradient = g[i] + decay * w[i];
    v[i] = alpha * v[i] + rest * (gradient * gradient);
    w[i] = w[i] - rate * (gradient / (std::sqrt(v[i]) + epsilon));
  }
  if (model != nullptr) round_to(w, model, count);
}

// ---- layers -----------------------------------------------------------------------------------------------------------------

template <class T>
void rms_norm(const T* x, const T* w, T* y, Acc<T>* rstd, int64_t rows, int64_t width, double epsilon) {
  using A = Acc<T>;
  for (int64_t row = 0; row < rows; row++, x += width, y += width) {
    Lanes<A> squares = {};
    for_lanes(width, [&](int64_t i, auto part) {
      auto value = load(x + i, part);
      squares = fused(value, value, squares);
    });
    A scale = 1 / std::sqrt(sum(squares) / static_cast<A>(width) + static_cast<A>(epsilon));
    rstd[row] = scale;
    for_lanes(width, [&](int64_t i, auto part) { store(y + i, Round<T>::apply(load(x + i, part) * scale) * load(w + i, part), part); });
  }
}

// With n = x · rstd and g = dy · w: dx = rstd · (g - n · mean(g n)), dw = Σ rows dy · round(n).
template <class T>
void rms_norm_backward(const T* dy, const T* x, const T* w, const Acc<T>* rstd, T* dx, Acc<T>* dw, int64_t rows, int64_t width) {
  using A = Acc<T>;
  for (int64_t row = 0; row < rows; row++, dy += width, x += width, dx += width) {
    A scale = rstd[row];
    Lanes<A> products = {};
    for_lanes(width, [&](int64_t i, auto part) {
      auto gradient = load(dy + i, part), normal = load(x + i, part) * scale;
      products = fused(gradient * load(w + i, part), normal, products);
      store(dw + i, fused(gradient, Round<T>::apply(normal), load(dw + i, part)), part);
    });
    A mean = sum(products) / static_cast<A>(width);
    for_lanes(width, [&](int64_t i, auto part) {
      auto normal = load(x + i, part) * scale;
      store(dx + i, (load(dy + i, part) * load(w + i, part) - normal * mean) * scale, part);
    });
  }
}

template <class T>
void swiglu(const T* gate, const T* up, T* y, int64_t count) {
  for_lanes(count, [&](int64_t i, auto part) {
    auto g = load(gate + i, part);
    store(y + i, Round<T>::apply(g * sigmoid(g)) * load(up + i, part), part);
  });
}

// silu'(g) = s · (1 + g · (1 - s)) with s = sigmoid(g).
template <class T>
void swiglu_backward(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t count) {
  for_lanes(count, [&](int64_t i, auto part) {
    auto d = load(dy + i, part), g = load(gate + i, part), s = sigmoid(g);
    store(dup + i, d * Round<T>::apply(g * s), part);
    store(dgate + i, d * load(up + i, part) * (s * (1 + g * (1 - s))), part);
  });
}

template <class T>
void rotary(const T* x, const Acc<T>* cos, const Acc<T>* sin, T* y, int64_t heads, int64_t width, double sign) {
  auto half = width / 2;
  auto turn = static_cast<Acc<T>>(sign);
  for (int64_t head = 0; head < heads; head++, x += width, y += width)
    for_lanes(half, [&](int64_t i, auto part) {
      auto first = load(x + i, part), second = load(x + half + i, part), c = load(cos + i, part), s = load(sin + i, part) * turn;
      store(y + i, first * c - second * s, part);
      store(y + half + i, second * c + first * s, part);
    });
}

template <class T>
void token_log_prob(const T* logits, int64_t width, int64_t target, Acc<T>* log_prob, Acc<T>* lse) {
  using A = Acc<T>;
  A peak = -INFINITY;
  Lanes<A> peaks = splat(peak);
  for_lanes(width, [&](int64_t i, auto part) {
    auto value = load(logits + i, part);
    keep_first(value, part, peak);
    peaks = value > peaks ? value : peaks;
  });
  peak = largest(peaks);
  Lanes<A> masses = {};
  for_lanes(width, [&](int64_t i, auto part) {
    auto value = load(logits + i, part) - peak;
    keep_first(value, part, static_cast<A>(-INFINITY));
    masses += exponential(value);
  });
  *lse = peak + std::log(sum(masses));
  *log_prob = load(logits + target, Part{1})[0] - *lse;
}

template <class T>
void token_log_prob_backward(const T* logits, int64_t width, int64_t target, Acc<T> lse, Acc<T> gradient, T* dlogits) {
  auto probability = exponential(load(logits + target, Part{1}) - lse);  // before dlogits, which may be the logits, is written
  for_lanes(width, [&](int64_t i, auto part) { store(dlogits + i, exponential(load(logits + i, part) - lse) * -gradient, part); });
  store(dlogits + target, (1 - probability) * gradient, Part{1});
}

// Sixteen weight rows at a time, which the rows of x meet in the cache. Behind the last weight row it is read again, and not stored.
template <class T>
void linear(const T* x, const T* w, T* y, int64_t rows, int64_t inner, int64_t outer, int64_t begin, int64_t end) {
  for (int64_t n = begin; n < end; n += kLanes)
    for (int64_t row = 0; row < rows; row++) {
      Lanes<Acc<T>> products[kLanes] = {};
      for_lanes(inner, [&](int64_t i, auto part) {
        auto factor = load(x + row * inner + i, part);
        for (int64_t j = 0; j < kLanes; j++) products[j] = fused(factor, load(w + std::min(n + j, end - 1) * inner + i, part), products[j]);
      });
      store(y + row * outer + n, sums(products), Part{std::min(kLanes, end - n)});
    }
}

// Masses are summed in double over blocks, so that the sum that is passed is found without adding everything again.
template <class T>
int64_t sample(const T* logits, int64_t width, double temperature, double uniform, Acc<T>* scratch) {
  using A = Acc<T>;
  constexpr int64_t kBlock = 256;
  A peak = -INFINITY;
  Lanes<A> peaks = splat(peak);
  for_lanes(width, [&](int64_t i, auto part) {
    auto value = load(logits + i, part);
    keep_first(value, part, peak);
    store(scratch + i, value, Full{});
    peaks = value > peaks ? value : peaks;
  });
  peak = largest(peaks);
  int64_t likeliest = std::find(scratch, scratch + width, peak) - scratch;
  if (likeliest == width) return 0;  // no number among them
  if (temperature == 0) return likeliest;

  A inverse = static_cast<A>(1 / temperature);
  double total = 0;
  for (int64_t first = 0; first < width; first += kBlock) {
    Lanes<A> masses = {};
    for (int64_t i = first; i < std::min(first + kBlock, width); i += kLanes) {
      auto mass = exponential((load(scratch + i, Full{}) - peak) * inverse);
      store(scratch + i, mass, Full{});
      masses += mass;
    }
    total += sum(masses);
  }
  double target = uniform * total, passed = 0;
  for (int64_t first = 0; first < width; first += kBlock) {
    auto last = std::min(first + kBlock, width);
    Lanes<A> masses = {};
    for (int64_t i = first; i < last; i += kLanes) masses += load(scratch + i, Full{});
    double block = sum(masses);
    if (passed + block <= target && last < width) {
      passed += block;
      continue;
    }
    for (int64_t i = first; i < last; i++)
      if ((passed += scratch[i]) > target) return i;
    // The block's elements, added one by one, may stay a hair below its sum: then it is the next block's first.
  }
  return likeliest;
}

template <class T>
constexpr spin::Loops<T> table() {
  return {rms_norm<T>, rms_norm_backward<T>, swiglu<T>, swiglu_backward<T>, rotary<T>, token_log_prob<T>, token_log_prob_backward<T>,
          attend<T>,   linear<T>,            sample<T>,    segment<T>,      segment_backward<T>};
}

}  // namespace

namespace spin {
namespace SPIN_LOOPS {

extern const Loops<float> floats = table<float>();
extern const Loops<double> doubles = table<double>();
extern const Loops<BFloat16> bfloats = table<BFloat16>();
extern const OptimizerLoops<float> float_optimizers = {adamw<float>, rmsprop<float>};
extern const OptimizerLoops<double> double_optimizers = {adamw<double>, rmsprop<double>};

}  // namespace SPIN_LOOPS
}  // namespace spin
