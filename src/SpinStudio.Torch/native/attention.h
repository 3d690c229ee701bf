// Attention without a score matrix in memory: a block of queries at a time, scores and sums in the accumulator type.
#pragma once

#include "lanes.h"

#include <algorithm>
#include <vector>

namespace {

SPIN_INLINE void keep_first(F&, Full, float) {}
SPIN_INLINE void keep_first(D&, Full, double) {}
// Gives the lanes behind the end of a row the value that does not count.
template <class V, class A>
SPIN_INLINE void keep_first(V& v, Part part, A neutral) {
  for (int64_t i = part.count; i < kLanes; i++) v[i] = neutral;
}

// Turns scores into exp(score - peak) and returns their sum; `peak` is their largest. The padding behind `count` becomes 0.
template <class A>
A exponentials(A* scores, int64_t count, int64_t padded_count, A& peak) {
  Lanes<A> peaks = splat(static_cast<A>(-INFINITY)), masses = {};
  for_lanes(count, [&](int64_t i, auto part) {
    auto value = load(scores + i, part);
    keep_first(value, part, static_cast<A>(-INFINITY));
    peaks = value > peaks ? value : peaks;
  });
  peak = largest(peaks);
  for_lanes(count, [&](int64_t i, auto part) {
    auto value = load(scores + i, part) - peak;
    keep_first(value, part, static_cast<A>(-INFINITY));
    value = exponential(value);
    masses += value;
    store(scores + i, value, part);
  });
  std::fill(scores + count, scores + padded_count, A(0));
  return sum(masses);
}

// c [m, n] (+)= a [m, k] · b [k, n]; a has any strides, n is a multiple of sixteen. Each element is one chain of fused sums over k.
template <int Rows, int Columns, class A, class B>
SPIN_INLINE void product_tile(const A* a, int64_t a_row, int64_t a_column, const B* b, int64_t b_row, A* c, int64_t c_row, int64_t k, bool add) {
  Lanes<A> tile[Rows][Columns];
  for (int i = 0; i < Rows; i++)
    for (int j = 0; j < Columns; j++) tile[i][j] = add ? load(c + i * c_row + j * kLanes, Full{}) : Lanes<A>{};
  for (int64_t p = 0; p < k; p++) {
    Lanes<A> row[Columns];
    for (int j = 0; j < Columns; j++) row[j] = load(b + p * b_row + j * kLanes, Full{});
    for (int i = 0; i < Rows; i++) {
      auto factor = splat(a[i * a_row + p * a_column]);
      for (int j = 0; j < Columns; j++) tile[i][j] = fused(factor, row[j], tile[i][j]);
    }
  }
  for (int i = 0; i < Rows; i++)
    for (int j = 0; j < Columns; j++) store(c + i * c_row + j * kLanes, tile[i][j], Full{});
}

template <int Columns, class A, class B>
void product_columns(const A* a, int64_t a_row, int64_t a_column, const B* b, int64_t b_row, A* c, int64_t c_row, int64_t m, int64_t k, bool add) {
  int64_t i = 0;
  for (; i + 4 <= m; i += 4) product_tile<4, Columns>(a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, k, add);
  for (; i < m; i++) product_tile<1, Columns>(a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, k, add);
}

template <class A, class B>
void product(const A* a, int64_t a_row, int64_t a_column, const B* b, int64_t b_row, A* c, int64_t c_row, int64_t m, int64_t n, int64_t k, bool add) {
  int64_t j = 0;
  for (; j + 4 * kLanes <= n; j += 4 * kLanes) product_columns<4>(a, a_row, a_column, b + j, b_row, c + j, c_row, m, k, add);
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) product_columns<2>(a, a_row, a_column, b + j, b_row, c + j, c_row, m, k, add);
  for (; j < n; j += kLanes) product_columns<1>(a, a_row, a_column, b + j, b_row, c + j, c_row, m, k, add);
}

// Sixteen positions at a time: their products with a query are summed together. Behind the last position the last one is read again, and not counted.
template <class T, class A = typename spin::Accumulator<T>::type>
void attend(const T* q, const T* k, const T* v, T* y, A* scratch, int64_t heads, int64_t count, int64_t width, double scale) {
  auto columns = spin::padded(count);
  auto* mixed = scratch + heads * columns;
  for (int64_t head = 0; head < heads; head++) {
    auto* query = q + head * width;
    auto* scores = scratch + head * columns;
    for (int64_t t = 0; t < count; t += kLanes) {
      Lanes<A> products[kLanes] = {};
      for_lanes(width, [&](int64_t i, auto part) {
        auto factor = load(query + i, part);
        for (int64_t j = 0; j < kLanes; j++) products[j] = fused(factor, load(k + std::min(t + j, count - 1) * width + i, part), products[j]);
      });
      store(scores + t, sums(products) * static_cast<A>(scale), Full{});
    }
    A peak, mass = exponentials(scores, count, columns, peak);
    for_lanes(count, [&](int64_t t, auto part) { store(scores + t, load(scores + t, part) / mass, part); });
  }
  auto whole = width / kLanes * kLanes;
  product(scratch, columns, 1, v, width, mixed, spin::padded(width), heads, whole, count, false);
  for (int64_t head = 0; head < heads; head++) {
    auto* row = mixed + head * spin::padded(width);
    if (whole < width) {
      Lanes<A> rest = {};
      Part part{width - whole};
      for (int64_t t = 0; t < count; t++) rest = fused(splat(scratch[head * columns + t]), load(v + t * width + whole, part), rest);
      store(row + whole, rest, Full{});
    }
    for_lanes(width, [&](int64_t i, auto part) { store(y + head * width + i, load(row + i, part), part); });
  }
}

constexpr int64_t kQueries = 32;  // a block of queries

// The keys or values that a segment sees, of one head, in the accumulator type: its parent's, then its own.
template <class T, class A>
struct Seen {
  Seen(const spin::Segment& segment, int64_t heads, int64_t head, int64_t width)
      : segment(segment), heads(heads), head(head), width(width), parent(segment.parent_end - segment.parent_begin),
        own(segment.end - segment.begin), count(parent + own), columns(spin::padded(count)), row(spin::padded(width)) {}

  const T* at(const T* source, int64_t i) const {
    auto token = i < parent ? segment.parent_begin + i : segment.begin + (i - parent);
    return source + (token * heads + head) * width;
  }

  // [count, padded width]
  std::vector<A> rows(const T* source) const {
    std::vector<A> result(count * row);
    for (int64_t i = 0; i < count; i++) {
      auto* from = at(source, i);
      for_lanes(width, [&](int64_t d, auto part) { store(result.data() + i * row + d, load(from + d, part), part); });
    }
    return result;
  }

  // [width, padded count]
  std::vector<A> transposed(const T* source) const {
    std::vector<A> result(width * columns), one(row);
    for (int64_t i = 0; i < count; i++) {
      auto* from = at(source, i);
      for_lanes(width, [&](int64_t d, auto part) { store(one.data() + d, load(from + d, part), part); });
      for (int64_t d = 0; d < width; d++) result[d * columns + i] = one[d];
    }
    return result;
  }

  const spin::Segment& segment;
  int64_t heads, head, width, parent, own, count, columns, row;
};

// Rows of one head of consecutive tokens, in the accumulator type, [queries, padded width].
template <class T, class A>
void gather(const T* source, int64_t token, int64_t tokens, int64_t heads, int64_t head, int64_t width, A scale, A* block) {
  auto row = spin::padded(width);
  for (int64_t i = 0; i < tokens; i++) {
    auto* from = source + ((token + i) * heads + head) * width;
    for_lanes(width, [&](int64_t d, auto part) { store(block + i * row + d, load(from + d, part) * scale, part); });
  }
}

template <class T, class A = typename spin::Accumulator<T>::type>
void segment(const T* q, const T* k, const T* v, T* y, A* lse, const spin::Segment& segment, int64_t heads, int64_t kv_heads, int64_t kv_head,
             int64_t width, double scale) {
  Seen<T, A> seen(segment, kv_heads, kv_head, width);
  auto keys = seen.transposed(k), values = seen.rows(v);
  auto row = seen.row, columns = seen.columns, group = heads / kv_heads;
  std::vector<A> queries(kQueries * row), scores(kQueries * columns), mixed(kQueries * row);
  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++)
    for (int64_t first = 0; first < seen.own; first += kQueries) {
      auto block = std::min(kQueries, seen.own - first), visible = seen.parent + first + block, width_seen = spin::padded(visible);
      gather(q, segment.begin + first, block, heads, head, width, static_cast<A>(scale), queries.data());
      product(queries.data(), row, 1, keys.data(), columns, scores.data(), columns, block, width_seen, width, false);
      for (int64_t i = 0; i < block; i++) {
        auto allowed = seen.parent + first + i + 1;
        std::fill_n(scores.data() + i * columns, std::max<int64_t>(0, allowed - segment.window), static_cast<A>(-INFINITY));
        A peak, mass = exponentials(scores.data() + i * columns, allowed, width_seen, peak);
        lse[(segment.begin + first + i) * heads + head] = peak + std::log(mass);
        for_lanes(width_seen, [&](int64_t t, auto part) {
          store(scores.data() + i * columns + t, load(scores.data() + i * columns + t, part) / mass, part);
        });
      }
      product(scores.data(), columns, 1, values.data(), row, mixed.data(), row, block, row, visible, false);
      for (int64_t i = 0; i < block; i++) {
        auto* to = y + ((segment.begin + first + i) * heads + head) * width;
        for_lanes(width, [&](int64_t d, auto part) { store(to + d, load(mixed.data() + i * row + d, part), part); });
      }
    }
}

// With P the softmax of the scores S = scale · Q Kᵀ: dV = Pᵀ dY, dP = dY Vᵀ, dS = P ∘ (dP - rowsum(dY ∘ Y)), dQ = scale · dS K, dK = scale · dSᵀ Q.
template <class T, class A = typename spin::Accumulator<T>::type>
void segment_backward(const T* dy, const T* q, const T* k, const T* v, const T* y, const A* lse, T* dq, A* dk, A* dv, const spin::Segment& segment,
                      int64_t heads, int64_t kv_heads, int64_t kv_head, int64_t width, double scale) {
  Seen<T, A> seen(segment, kv_heads, kv_head, width);
  auto keys = seen.transposed(k), key_rows = seen.rows(k), values = seen.transposed(v);
  auto row = seen.row, columns = seen.columns, group = heads / kv_heads;
  std::vector<A> queries(kQueries * row), gradients(kQueries * row), outputs(kQueries * row), query_gradients(kQueries * row),
      scores(kQueries * columns), score_gradients(kQueries * columns);
  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++)
    for (int64_t first = 0; first < seen.own; first += kQueries) {
      auto block = std::min(kQueries, seen.own - first), visible = seen.parent + first + block, width_seen = spin::padded(visible);
      auto token = segment.begin + first;
      gather(q, token, block, heads, head, width, static_cast<A>(scale), queries.data());
      gather(dy, token, block, heads, head, width, A(1), gradients.data());
      gather(y, token, block, heads, head, width, A(1), outputs.data());
      product(queries.data(), row, 1, keys.data(), columns, scores.data(), columns, block, width_seen, width, false);
      product(gradients.data(), row, 1, values.data(), columns, score_gradients.data(), columns, block, width_seen, width, false);
      for (int64_t i = 0; i < block; i++) {
        auto allowed = seen.parent + first + i + 1;
        auto *p = scores.data() + i * columns, *dp = score_gradients.data() + i * columns;
        A normal = lse[(token + i) * heads + head];
        Lanes<A> products = {};
        for_lanes(row, [&](int64_t d, auto part) {
          products = fused(load(gradients.data() + i * row + d, part), load(outputs.data() + i * row + d, part), products);
        });
        A delta = sum(products);
        for_lanes(allowed, [&](int64_t t, auto part) {
          auto probability = exponential(load(p + t, part) - normal);
          store(p + t, probability, part);
          store(dp + t, probability * (load(dp + t, part) - delta), part);
        });
        for (auto* row_of : {p, dp}) {
          std::fill_n(row_of, std::max<int64_t>(0, allowed - segment.window), A(0));
          std::fill(row_of + allowed, row_of + width_seen, A(0));
        }
      }
      product(scores.data(), 1, columns, gradients.data(), row, dv, row, visible, row, block, true);
      product(score_gradients.data(), 1, columns, queries.data(), row, dk, row, visible, row, block, true);
      product(score_gradients.data(), columns, 1, key_rows.data(), row, query_gradients.data(), row, block, row, visible, false);
      for (int64_t i = 0; i < block; i++) {
        auto* to = dq + ((token + i) * heads + head) * width;
        for_lanes(width, [&](int64_t d, auto part) { store(to + d, load(query_gradients.data() + i * row + d, part) * static_cast<A>(scale), part); });
      }
    }
}

}  // namespace
