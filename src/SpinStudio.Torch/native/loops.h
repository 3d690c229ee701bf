// The inner loops of our kernels, by element type. loops.cpp is compiled once for each instruction set; `loops<T>()` gives the
// best one that this processor runs. Nothing here knows libtorch.
//
// Sums run over sixteen lanes in a fixed order and products are fused only where written so: a loop gives the same bits whatever the rows beside
// it, the number of threads or the vector width.
#pragma once

#include <cstdint>

namespace spin {

// bfloat16: the upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

// What sums over elements of T are computed in.
template <class T>
struct Accumulator {
  using type = float;
};
template <>
struct Accumulator<double> {
  using type = double;
};

struct AdamW {
  double decay, beta1, beta2, one_minus_beta1, one_minus_beta2, root_correction2, step_size, epsilon;
};

struct RmsProp {
  double rate, alpha, one_minus_alpha, epsilon, weight_decay;
};

// Optimizer steps; `model` may be null, else takes the new weights rounded.
template <class A>
struct OptimizerLoops {
  void (*adamw)(const AdamW& constants, A* w, A* m, A* v, const A* g, BFloat16* model, int64_t count);
  void (*rmsprop)(const RmsProp& constants, A* w, A* v, const A* g, BFloat16* model, int64_t count);
};

// One segment of a packed batch: its own tokens, and those of its parent that come before them.
struct Segment {
  int64_t begin, end;                // own tokens
  int64_t parent_begin, parent_end;  // equal when there is no parent
  int64_t window;                    // tokens that a token sees, itself included
};

// Rows of width elements, one after another, unless said otherwise.
template <class T>
struct Loops {
  using A = typename Accumulator<T>::type;

  // y = w * round(x * rstd), rstd = 1 / sqrt(mean(x²) + epsilon), kept for the way back.
  void (*rms_norm)(const T* x, const T* w, T* y, A* rstd, int64_t rows, int64_t width, double epsilon);
  // Adds to dw, [width].
  void (*rms_norm_backward)(const T* dy, const T* x, const T* w, const A* rstd, T* dx, A* dw, int64_t rows, int64_t width);

  // y = round(silu(gate)) * up.
  void (*swiglu)(const T* gate, const T* up, T* y, int64_t count);
  void (*swiglu_backward)(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t count);

  // Rotates the halves of each head of one token; sign -1 rotates back. cos and sin have width / 2 entries.
  void (*rotary)(const T* x, const A* cos, const A* sin, T* y, int64_t heads, int64_t width, double sign);

  // The log-probability of `target` under the softmax of one row, and the row's logsumexp.
  void (*token_log_prob)(const T* logits, int64_t width, int64_t target, A* log_prob, A* lse);
  void (*token_log_prob_backward)(const T* logits, int64_t width, int64_t target, A lse, A gradient, T* dlogits);

  // The heads of one group attend to `count` cached positions. q and y [heads, width], k and v [count, width], scratch [heads, padded count + padded width].
  void (*attend)(const T* q, const T* k, const T* v, T* y, A* scratch, int64_t heads, int64_t count, int64_t width, double scale);

  // Columns begin … end of y = x · wᵀ, for few rows: x [rows, inner], w [outer, inner], y [rows, outer].
  void (*linear)(const T* x, const T* w, T* y, int64_t rows, int64_t inner, int64_t outer, int64_t begin, int64_t end);

  // A token of one row of logits: the likeliest at temperature 0, else the one where the cumulative softmax(logits / temperature) passes `uniform`. scratch [padded width].
  int64_t (*sample)(const T* logits, int64_t width, double temperature, double uniform, A* scratch);

  // Attention of one segment for one key-value head. q and y are [tokens, heads, width], k and v [tokens, kv_heads, width], lse [tokens, heads].
  void (*segment)(const T* q, const T* k, const T* v, T* y, A* lse, const Segment& segment, int64_t heads, int64_t kv_heads, int64_t kv_head,
                  int64_t width, double scale);
  // Writes dq of the segment; adds to dk and dv, [parent + own tokens, padded width] of this key-value head.
  void (*segment_backward)(const T* dy, const T* q, const T* k, const T* v, const T* y, const A* lse, T* dq, A* dk, A* dv, const Segment& segment,
                           int64_t heads, int64_t kv_heads, int64_t kv_head, int64_t width, double scale);
};

// Row length of dk, dv and scratch above: a multiple of the sixteen lanes.
inline int64_t padded(int64_t width) { return (width + 15) / 16 * 16; }

template <class T>
const Loops<T>& loops();

template <class A>
const OptimizerLoops<A>& optimizer_loops();

}  // namespace spin
