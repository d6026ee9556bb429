// What became of the weights that quantize_weights() wrote into an ONNX model, for the terminal and for programs.
#pragma once

#include <string>

#include "zeropoint/weights.h"

namespace zeropoint::cli {

std::string weights_report_text(const WeightsReport& report, const WeightsJob& job, const std::string& path);
std::string weights_report_json(const WeightsReport& report, const WeightsJob& job, const std::string& path);

}  // namespace zeropoint::cli
