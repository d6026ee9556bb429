// PlanOptions, in the terms of the parts that use them.
#pragma once

#include <memory>

#include "api/network.h"
#include "data/dataset.h"
#include "plan/choose.h"
#include "plan/structure.h"
#include "plan/verify.h"

namespace zeropoint {

StructureOptions structure_options(const PlanOptions& options);
ChooseOptions choose_options(const PlanOptions& options);

/// What to record for this plan and no more, or for choosing again with another observer later.
enum class StatisticsUse { this_observer, any_observer };

/// Opens the data for the inputs of `network`.
std::unique_ptr<Dataset> open_dataset(Network::Impl& network, const DataSource& source);

/// What a plan with these options needs to know of the activations.
Calibration calibrate_on(Network::Impl& network, Dataset& data, const PlanOptions& options, StatisticsUse use,
                         const OnProgress& progress);

/// PlanOptions::observer that tries several.
constexpr const char* kAutoObserver = "auto";

/// make_plan() with the float model's answers at hand; null or without batches: observer "auto" takes its first
/// candidate.
PlanResult best_plan(const Network& network, const Calibration& seen, PlanOptions options, const Reference* reference);

/// Throws invalid_option, naming the option of the command line, for what no model can be quantized with.
void check_options(const PlanOptions& options);

/// Throws invalid_data for a plan's format that does not exist or does not hold codes of its types.
void check_format(const QuantPlan& plan);

}  // namespace zeropoint
