#include "report/inventory.h"

#include <gtest/gtest.h>

#include "graph/text.h"

namespace zeropoint {
namespace {

TEST(Inventory, CountsNodesConstantsAndQuantizedTensors) {
  Model model;
  model.opsets[""] = 13;
  model.graph = parse_graph(
      "g (float32[N, 2] x) => (float32[N, 2] y)\n"
      "<float32[] s = {0.5}, uint8[] z = {3}, int8[2] w = {1, 2}, float32[2] ws = {0.25, 0.125}, int8[2] wz = {0, 0}>\n"
      "{ q = QuantizeLinear(x, s, z) d = DequantizeLinear(q, s, z) f = DequantizeLinear<axis = 0>(w, ws, wz)\n"
      "  m = Mul(d, f) y = Nonsense(m) }");
  const Inventory inventory = take_inventory(model);
  EXPECT_EQ(inventory.nodes, 5);
  EXPECT_EQ(inventory.parameters, 8);
  EXPECT_EQ(inventory.parameter_bytes, 4U + 1 + 2 + 8 + 2);
  ASSERT_EQ(inventory.ops.size(), 4U);
  EXPECT_EQ(inventory.ops[0].op_type, "DequantizeLinear");
  EXPECT_EQ(inventory.ops[0].count, 2);
  for (const OpCount& row : inventory.ops) {
    EXPECT_EQ(row.is_offered, row.op_type != "Nonsense") << row.op_type;
  }
  ASSERT_EQ(inventory.quantized.size(), 2U);
  EXPECT_EQ(inventory.quantized[0].name, "q");
  EXPECT_FALSE(inventory.quantized[0].is_constant);
  EXPECT_EQ(inventory.quantized[0].dtype, DType::u8);
  EXPECT_EQ(inventory.quantized[1].name, "w");
  EXPECT_TRUE(inventory.quantized[1].is_constant);
  EXPECT_EQ(inventory.quantized[1].grids, 2);
  EXPECT_EQ(inventory.quantized[1].min_scale, 0.125);
  EXPECT_EQ(inventory.quantized[1].max_scale, 0.25);
}

TEST(Inventory, KnowsOperatorsOnCodes) {
  Model model;
  model.opsets[""] = 13;
  model.graph = parse_graph(
      "g (uint8[N, 2] x) => (uint8[N, 1] y)\n"
      "<float32[] s = {0.5}, uint8[] z = {3}, int8[2, 1] w = {1, 2}, float32[] ws = {0.25}, int8[] wz = {0}>\n"
      "{ y = QLinearMatMul(x, s, z, w, ws, wz, s, z) }");
  const Inventory inventory = take_inventory(model);
  ASSERT_EQ(inventory.quantized.size(), 3U);
  EXPECT_EQ(inventory.quantized[0].name, "x");
  EXPECT_EQ(inventory.quantized[1].name, "w");
  EXPECT_EQ(inventory.quantized[1].dtype, DType::i8);
  EXPECT_EQ(inventory.quantized[2].name, "y");
}

}  // namespace
}  // namespace zeropoint
