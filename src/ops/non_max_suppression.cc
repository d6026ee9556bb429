#include <algorithm>
#include <array>
#include <vector>

#include "ops/arguments.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& boxes = site.input(0).shape;
  const Shape& scores = site.input(1).shape;
  if (boxes.size() != 3 || scores.size() != 3 || boxes[2] != 4 || scores[0] != boxes[0] || scores[2] != boxes[1]) {
    site.invalid("boxes {} and scores {} do not fit together", to_string(boxes), to_string(scores));
  }
  if (site.input(0).dtype != DType::f32 || site.input(1).dtype != DType::f32) {
    site.invalid("boxes and scores must be float32");
  }
  static constexpr std::array<DType, 3> kTypes = {DType::i64, DType::f32, DType::f32};
  for (std::size_t i = 2; i < 5; ++i) {
    if (!site.has(i)) continue;
    if (site.input(i).dtype != kTypes[i - 2] || element_count(site.input(i).shape) != 1) {
      site.invalid("input {} must be one {}", i, name(kTypes[i - 2]));
    }
  }
  return late(DType::i64);
}

struct Box {
  float y1, x1, y2, x2;
  float area;
};

Box make_box(const float* p, bool is_center) {
  Box box{};
  if (is_center) {  // x and y of the centre, width, height
    box = {p[1] - p[3] / 2, p[0] - p[2] / 2, p[1] + p[3] / 2, p[0] + p[2] / 2, 0};
  } else {  // any two opposite corners
    box = {std::min(p[0], p[2]), std::min(p[1], p[3]), std::max(p[0], p[2]), std::max(p[1], p[3]), 0};
  }
  box.area = (box.y2 - box.y1) * (box.x2 - box.x1);
  return box;
}

/// Intersection over union; 0 for boxes without area.
float overlap(const Box& a, const Box& b) {
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  if (!(height > 0) || !(width > 0)) return 0;
  const float both = height * width;
  const float either = a.area + b.area - both;
  return either > 0 ? both / either : 0;
}

struct Limits {
  std::int64_t most;  // boxes per batch and class
  float iou;
  bool has_score;
  float score;
};

/// Takes boxes by falling score; each must not overlap one that was taken by more than the threshold.
std::vector<std::int64_t> select(const std::vector<Box>& boxes, const float* scores, const Limits& limits) {
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(boxes.size()); ++i) {
    if (limits.has_score ? scores[i] > limits.score : scores[i] == scores[i]) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
  std::vector<std::int64_t> taken;
  for (const std::int64_t i : order) {
    if (static_cast<std::int64_t>(taken.size()) >= limits.most) break;
    const bool is_free = std::none_of(taken.begin(), taken.end(), [&](std::int64_t j) {
      return overlap(boxes[static_cast<std::size_t>(i)], boxes[static_cast<std::size_t>(j)]) > limits.iou;
    });
    if (is_free) taken.push_back(i);
  }
  return taken;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool is_center = site.node.get_int("center_point_box", 0) != 0;
  return make_kernel([is_center](const KernelIo& io) {
    const Limits limits{.most = io.has(2) ? io.in(2).data<std::int64_t>()[0] : 0,
                        .iou = io.has(3) ? io.in(3).data<float>()[0] : 0,
                        .has_score = io.has(4),
                        .score = io.has(4) ? io.in(4).data<float>()[0] : 0};
    const std::int64_t batch = io.in(1).dim(0);
    const std::int64_t classes = io.in(1).dim(1);
    const std::int64_t count = io.in(1).dim(2);
    std::vector<std::int64_t> selected;
    for (std::int64_t b = 0; b < batch; ++b) {
      std::vector<Box> boxes;
      for (std::int64_t i = 0; i < count; ++i) {
        boxes.push_back(make_box(io.in(0).data<float>() + (b * count + i) * 4, is_center));
      }
      for (std::int64_t c = 0; c < classes; ++c) {
        const float* scores = io.in(1).data<float>() + (b * classes + c) * count;
        for (const std::int64_t i : select(boxes, scores, limits)) selected.insert(selected.end(), {b, c, i});
      }
    }
    io.out(0) = Tensor::copy_of<std::int64_t>({static_cast<std::int64_t>(selected.size()) / 3, 3}, selected);
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "NonMaxSuppression", .since = 10, .infer = infer, .make = make},
};

}  // namespace

std::span<const OpSpec> ops_non_max_suppression() { return kOps; }

}  // namespace zeropoint
