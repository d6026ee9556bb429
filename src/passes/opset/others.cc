// Operators that got another name or another word for the same thing, and one that cannot be translated.
#include <array>

#include "passes/opset/rewrite.h"

namespace zeropoint {
namespace {

void scan_9(NodeRewrite& at) { at.refuse("Scan of opset 8 works on batches"); }

void scatter_11(NodeRewrite& at) { at.node.op_type = "ScatterElements"; }

/// The default changed to half_pixel.
void roi_align_16(NodeRewrite& at) { at.node.set("coordinate_transformation_mode", std::string("output_half_pixel")); }

void grid_sample_20(NodeRewrite& at) {
  const std::string mode = at.node.get_string("mode", "bilinear");
  if (mode == "bilinear") at.node.set("mode", std::string("linear"));
  if (mode == "bicubic") at.node.set("mode", std::string("cubic"));
}

constexpr std::array<OpsetStep, 4> kSteps = {{
    {"Scan", 9, scan_9},
    {"Scatter", 11, scatter_11},
    {"RoiAlign", 16, roi_align_16},
    {"GridSample", 20, grid_sample_20},
}};

}  // namespace

std::span<const OpsetStep> renamed_and_refused_steps() { return kSteps; }

}  // namespace zeropoint
