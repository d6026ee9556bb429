// From a node's window to the geometry that the pooling kernels take.
#pragma once

#include "kernels/pool/pool.h"
#include "ops/window.h"

namespace zeropoint {

/// The window of MaxPool, AveragePool and LpPool; checks kernel_shape.
Window pool_window(const OpSite& site);

PoolGeometry pool_geometry(const Shape& input, const Window& window);

/// One window that covers all of [N, C, spatial...].
PoolGeometry global_geometry(const OpSite& site, const Shape& input);

/// Output 0 of the pools, in the layout of the input.
ValueFacts pooled_facts(const OpSite& site, const Window& window);

/// The p of LpPool and GlobalLpPool.
double norm_order(const OpSite& site);

/// y = (sum of |x|^p)^(1/p) of each window of a channels_last activation.
void lp_pool(const PoolGeometry& geometry, double p, const float* x, float* y);

}  // namespace zeropoint
