// Attention over packed segments, for training, and over a key-value cache, for generation. Queries of a group share their key-value head
// without copies of it. Each segment, and each cached token, is computed by itself: nothing depends on what else is in the batch.

#include "registration.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cstring>
#include <vector>

namespace {

using at::Tensor;
using spin::Segment;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_heads(const Tensor& query, const Tensor& key, const Tensor& value) {
  TORCH_CHECK(query.dim() == 3 && key.dim() == 3 && key.sizes() == value.sizes() && key.size(0) == query.size(0) && key.size(2) == query.size(2) &&
                  key.size(1) > 0 && query.size(1) % key.size(1) == 0,
              "query must be [tokens, heads, width], key and value [tokens, kv_heads, width] with heads a multiple of kv_heads, not ", query.sizes(),
              ", ", key.sizes(), ", ", value.sizes());
  TORCH_CHECK(query.scalar_type() == key.scalar_type() && key.scalar_type() == value.scalar_type(), "query, key and value must have one type");
}

// ---- packed segments --------------------------------------------------------------------------------------------------------

std::vector<Segment> segments_of(at::IntArrayRef offsets, at::IntArrayRef parents, int64_t window, int64_t tokens) {
  auto count = static_cast<int64_t>(offsets.size()) - 1;
  TORCH_CHECK(count >= 0 && offsets.front() == 0 && offsets.back() == tokens, "offsets must go from 0 to the ", tokens, " tokens, not ", offsets);
  TORCH_CHECK(parents.empty() || static_cast<int64_t>(parents.size()) == count, count, " segments need as many parents, not ", parents.size());
  TORCH_CHECK(window > 0, "window must be positive, not ", window);
  std::vector<Segment> segments;
  for (int64_t i = 0; i < count; i++) {
    TORCH_CHECK(offsets[i] <= offsets[i + 1], "offsets must not fall, but ", offsets[i + 1], " follows ", offsets[i]);
    Segment segment{offsets[i], offsets[i + 1], 0, 0, window};
    if (!parents.empty() && parents[i] >= 0) {
      auto parent = parents[i];
      TORCH_CHECK(parent < i && parents[parent] < 0, "segment ", i, " needs an earlier parent without a parent, not ", parent);
      segment.parent_begin = offsets[parent];
      segment.parent_end = offsets[parent + 1];
    }
    segments.push_back(segment);
  }
  return segments;
}

std::tuple<Tensor, Tensor> segment_forward(const Tensor& query, const Tensor& key, const Tensor& value, at::IntArrayRef offsets, at::IntArrayRef parents,
                                           double scale, int64_t window) {
  check_heads(query, key, value);
  auto q = query.contiguous(), k = key.contiguous(), v = value.contiguous(), y = at::empty_like(q);
  auto heads = q.size(1), kv_heads = k.size(1), width = q.size(2);
  auto lse = at::empty({q.size(0), heads}, q.options().dtype(q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat));
  auto segments = segments_of(offsets, parents, window, q.size(0));
  SPIN_DISPATCH(q, "segment_attention", {
    auto *qs = spin::data<T>(q), *ks = spin::data<T>(k), *vs = spin::data<T>(v), *ys = spin::data<T>(y);
    auto* ls = spin::data<A>(lse);
    spin::for_each_piece(segments.size() * kv_heads, [&](int64_t i) {
      spin::loops<T>().segment(qs, ks, vs, ys, ls, segments[i / kv_heads], heads, kv_heads, i % kv_heads, width, scale);
    });
  });
  return {y, lse};
}

// Adds `rows` rows of an accumulated gradient, padded to full lanes, to another.
template <class A>
void add_rows(const A* from, A* to, int64_t rows, int64_t row) {
  for (int64_t i = 0; i < rows * row; i++) to[i] += from[i];
}

template <class A>
void write_rows(const std::vector<A>& from, int64_t first, int64_t rows, int64_t row, const Tensor& to, int64_t token, int64_t head) {
  auto block = at::from_blob(const_cast<A*>(from.data()) + first * row, {rows, to.size(2)}, {row, 1}, to.options().dtype(c10::CppTypeToScalarType<A>::value));
  to.narrow(0, token, rows).select(1, head).copy_(block);
}

variable_list segment_backward(const Tensor& gradient, const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& output,
                               const Tensor& lse, at::IntArrayRef offsets, at::IntArrayRef parents, double scale, int64_t window) {
  auto dy = gradient.contiguous(), q = query.contiguous(), k = key.contiguous(), v = value.contiguous();
  auto dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
  auto heads = q.size(1), kv_heads = k.size(1), width = q.size(2), row = spin::padded(width);
  auto segments = segments_of(offsets, parents, window, q.size(0));

  // A family is a segment without parent and its children: all that add to the same keys. Families are independent.
  std::vector<std::vector<size_t>> families;
  std::vector<size_t> family_of(segments.size());
  for (size_t i = 0; i < segments.size(); i++) {
    if (parents.empty() || parents[i] < 0) {
      family_of[i] = families.size();
      families.push_back({i});
    } else {
      family_of[i] = family_of[parents[i]];
      families[family_of[i]].push_back(i);
    }
  }

  SPIN_DISPATCH(q, "segment_attention_backward", {
    auto *gs = spin::data<T>(dy), *qs = spin::data<T>(q), *ks = spin::data<T>(k), *vs = spin::data<T>(v), *ys = spin::data<T>(output), *dqs = spin::data<T>(dq);
    auto* ls = spin::data<A>(lse);
    spin::for_each_piece(families.size() * kv_heads, [&](int64_t i) {
      at::AutoDispatchBelowADInplaceOrView below;
      auto head = i % kv_heads;
      auto& family = families[i / kv_heads];
      auto& root = segments[family[0]];
      auto root_rows = root.end - root.begin;
      std::vector<A> root_dk(root_rows * row), root_dv(root_rows * row);
      for (auto member : family) {
        auto& segment = segments[member];
        auto parent_rows = segment.parent_end - segment.parent_begin, own_rows = segment.end - segment.begin;
        std::vector<A> member_dk((parent_rows + own_rows) * row), member_dv((parent_rows + own_rows) * row);
        spin::loops<T>().segment_backward(gs, qs, ks, vs, ys, ls, dqs, member_dk.data(), member_dv.data(), segment, heads, kv_heads, head, width,
                                          scale);
        if (member == family[0]) {
          add_rows(member_dk.data(), root_dk.data(), own_rows, row);
          add_rows(member_dv.data(), root_dv.data(), own_rows, row);
        } else {
          add_rows(member_dk.data(), root_dk.data(), parent_rows, row);
          add_rows(member_dv.data(), root_dv.data(), parent_rows, row);
          write_rows(member_dk, parent_rows, own_rows, row, dk, segment.begin, head);
          write_rows(member_dv, parent_rows, own_rows, row, dv, segment.begin, head);
        }
      }
      write_rows(root_dk, 0, root_rows, row, dk, root.begin, head);
      write_rows(root_dv, 0, root_rows, row, dv, root.begin, head);
    });
  });
  return {dq, dk, dv, Tensor(), Tensor(), Tensor(), Tensor()};
}

struct SegmentAttention : torch::autograd::Function<SegmentAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& query, const Tensor& key, const Tensor& value, std::vector<int64_t> offsets,
                        std::vector<int64_t> parents, double scale, int64_t window) {
    at::AutoDispatchBelowADInplaceOrView below;
    Tensor output, lse;
    // Kept as they are computed with: a part of a wider tensor would keep all of that alive.
    auto q = query.contiguous(), k = key.contiguous(), v = value.contiguous();
    std::tie(output, lse) = segment_forward(q, k, v, offsets, parents, scale, window);
    context->save_for_backward({q, k, v, output, lse});
    context->saved_data["offsets"] = offsets;
    context->saved_data["parents"] = parents;
    context->saved_data["scale"] = scale;
    context->saved_data["window"] = window;
    return output;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    return segment_backward(gradients[0], saved[0], saved[1], saved[2], saved[3], saved[4], context->saved_data["offsets"].toIntVector(),
                            context->saved_data["parents"].toIntVector(), context->saved_data["scale"].toDouble(), context->saved_data["window"].toInt());
  }
};

Tensor segment_attention(const Tensor& query, const Tensor& key, const Tensor& value, at::IntArrayRef offsets, at::IntArrayRef parents, double scale,
                         int64_t window) {
  if (c10::GradMode::is_enabled() && (query.requires_grad() || key.requires_grad() || value.requires_grad()))
    return SegmentAttention::apply(query, key, value, offsets.vec(), parents.vec(), scale, window);
  at::AutoDispatchBelowADInplaceOrView below;
  return std::get<0>(segment_forward(query, key, value, offsets, parents, scale, window));
}

// ---- the cache ----------------------------------------------------------------------------------------------------------------

// Writes each token's key and value to its place in the cache, then lets each token attend to its slot up to itself.
Tensor cached_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& key_cache, const Tensor& value_cache,
                        const Tensor& slots, const Tensor& positions, double scale, int64_t window) {
  check_heads(query, key, value);
  auto tokens = query.size(0), heads = query.size(1), kv_heads = key.size(1), width = query.size(2);
  TORCH_CHECK(key_cache.dim() == 4 && key_cache.is_contiguous() && value_cache.is_contiguous() && key_cache.sizes() == value_cache.sizes() &&
                  key_cache.size(1) == kv_heads && key_cache.size(3) == width && key_cache.scalar_type() == key.scalar_type() &&
                  value_cache.scalar_type() == key.scalar_type(),
              "the caches must be contiguous ", key.scalar_type(), "[slots, ", kv_heads, ", capacity, ", width, "], not ", key_cache.sizes(), " and ",
              value_cache.sizes());
  TORCH_CHECK(slots.scalar_type() == at::kLong && positions.scalar_type() == at::kLong && slots.numel() == tokens && positions.numel() == tokens,
              "slots and positions must be Int64[", tokens, "]");
  auto q = query.contiguous(), k = key.contiguous(), v = value.contiguous(), slot_ids = slots.contiguous(), places = positions.contiguous();
  auto *slot = spin::data<int64_t>(slot_ids), *place = spin::data<int64_t>(places);
  auto capacity = key_cache.size(2);
  TORCH_CHECK(window > 0, "window must be positive, not ", window);
  int64_t longest = 0;
  for (int64_t i = 0; i < tokens; i++) {
    TORCH_CHECK(slot[i] >= 0 && slot[i] < key_cache.size(0), "slot ", slot[i], " is outside the cache of ", key_cache.size(0), " slots");
    TORCH_CHECK(place[i] >= 0 && place[i] < capacity, "position ", place[i], " is outside the cache's capacity of ", capacity);
    longest = std::max(longest, place[i] + 1);
  }
  // A sequence that comes whole, from position 0, needs nothing out of the cache: it is a segment. All other tokens attend to their slots, one by one.
  std::vector<Segment> runs;
  std::vector<int64_t> singles;
  for (int64_t i = 0; i < tokens;) {
    auto end = i + 1;
    while (end < tokens && slot[end] == slot[i] && place[end] == place[end - 1] + 1) end++;
    if (place[i] == 0)
      runs.push_back({i, end, 0, 0, window});
    else
      for (auto token = i; token < end; token++) singles.push_back(token);
    i = end;
  }
  auto y = at::empty_like(q);
  auto group = heads / kv_heads;
  SPIN_DISPATCH(q, "cached_attention", {
    auto *qs = spin::data<T>(q), *ks = spin::data<T>(k), *vs = spin::data<T>(v), *ys = spin::data<T>(y), *kc = spin::data<T>(key_cache), *vc = spin::data<T>(value_cache);
    for (int64_t i = 0; i < tokens; i++)
      for (int64_t head = 0; head < kv_heads; head++) {
        auto to = ((slot[i] * kv_heads + head) * capacity + place[i]) * width, from = (i * kv_heads + head) * width;
        std::memcpy(kc + to, ks + from, width * sizeof(T));
        std::memcpy(vc + to, vs + from, width * sizeof(T));
      }
    auto lse = at::empty({runs.empty() ? 0 : tokens, heads}, q.options().dtype(c10::CppTypeToScalarType<A>::value));
    auto* ls = spin::data<A>(lse);
    spin::for_each_piece(runs.size() * kv_heads, [&](int64_t i) {
      spin::loops<T>().segment(qs, ks, vs, ys, ls, runs[i / kv_heads], heads, kv_heads, i % kv_heads, width, scale);
    });
    auto work = std::max<int64_t>(1, longest * width * group);
    at::parallel_for(0, singles.size() * kv_heads, std::max<int64_t>(1, (1 << 15) / work), [&](int64_t begin, int64_t end) {
      std::vector<A> scratch(group * (spin::padded(longest) + spin::padded(width)));
      for (auto i = begin; i < end; i++) {
        auto token = singles[i / kv_heads], head = i % kv_heads;
        auto count = std::min(place[token] + 1, window), at_query = (token * heads + head * group) * width;
        auto first = ((slot[token] * kv_heads + head) * capacity + place[token] + 1 - count) * width;
        spin::loops<T>().attend(qs + at_query, kc + first, vc + first, ys + at_query, scratch.data(), group, count, width, scale);
      }
    });
  });
  return y;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(spinstudio, library) {
  library.def("segment_attention(Tensor query, Tensor key, Tensor value, int[] offsets, int[] parents, float scale, int window) -> Tensor");
  library.def(
      "cached_attention(Tensor query, Tensor key, Tensor value, Tensor(a!) key_cache, Tensor(b!) value_cache, Tensor slots, Tensor positions, "
      "float scale, int window) -> Tensor");
}

TORCH_LIBRARY_IMPL(spinstudio, AutogradCPU, library) { library.impl("segment_attention", segment_attention); }

TORCH_LIBRARY_IMPL(spinstudio, CPU, library) { library.impl("cached_attention", cached_attention); }
