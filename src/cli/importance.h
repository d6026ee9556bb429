// The importance matrix on the command line: read from a file, or computed by running a checkpoint over data.
#pragma once

#include "checkpoint/checkpoint.h"
#include "cli/data_options.h"
#include "methods/observe_importance.h"

namespace zeropoint::cli {

/// Runs the checkpoint's model over all of `data`, with a progress bar. Throws what reading the model and the data and
/// observe_importance() throw.
ObservedImportance importance_from(const Checkpoint& checkpoint, const DataSource& data, const Output& out);

}  // namespace zeropoint::cli
