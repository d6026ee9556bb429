// executor_bench MODEL [THREADS [profile]]: runs a model on seeded inputs of its declared shape.
//
// For each line on standard input it runs the model for a while and prints the median wall time and the
// median CPU time of this thread, in milliseconds; so a script can alternate it with a peer.
// With `profile` it prints the slowest steps instead.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "executor/program.h"
#include "frontends/onnx.h"

namespace zeropoint {
namespace {

constexpr double kRoundMilliseconds = 40;
constexpr int kProfileRuns = 200;

/// Symbols stand for 1; floats lie in [-1, 1), integers in [0, 4), bytes anywhere.
Tensor seeded_input(const ProgramValue& value, std::mt19937& random) {
  Shape shape;
  for (const Dim& dim : value.shape) shape.push_back(dim.value < 0 ? 1 : dim.value);
  Tensor tensor = Tensor::zeros(value.dtype, shape);
  std::uniform_real_distribution<float> real(-1, 1);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    if (value.dtype == DType::f32) tensor.mutable_data<float>()[i] = real(random);
    if (value.dtype == DType::i32) tensor.mutable_data<std::int32_t>()[i] = static_cast<std::int32_t>(random() % 4);
    if (value.dtype == DType::i64) tensor.mutable_data<std::int64_t>()[i] = static_cast<std::int64_t>(random() % 4);
    if (value.dtype == DType::u8) tensor.mutable_data<std::uint8_t>()[i] = static_cast<std::uint8_t>(random() % 256);
  }
  return tensor;
}

double thread_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
  return values[values.size() / 2];
}

void measure_round(Program& program, const std::vector<Tensor>& inputs) {
  std::vector<double> wall;
  std::vector<double> cpu;
  for (double total = 0; total < kRoundMilliseconds || wall.size() < 3; total += wall.back()) {
    const double cpu_begin = thread_milliseconds();
    const auto begin = std::chrono::steady_clock::now();
    program.run(inputs);
    wall.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    cpu.push_back(thread_milliseconds() - cpu_begin);
  }
  fmt::print("{} {}\n", median(wall), median(cpu));
  std::fflush(stdout);
}

void print_profile(Program& program, const std::vector<Tensor>& inputs) {
  for (int i = 0; i < kProfileRuns; ++i) program.run(inputs);
  std::vector<StepTime> steps = program.step_times();
  double total = 0;
  for (const StepTime& step : steps) total += step.seconds;
  std::ranges::sort(steps, std::ranges::greater(), &StepTime::seconds);
  fmt::print("{} steps, {:.3f} ms\n", steps.size(), total * 1e3 / kProfileRuns);
  for (const StepTime& step : steps) {
    fmt::print("{:9.2f} us  {:5.1f}%  {:24} {}\n", step.seconds * 1e6 / kProfileRuns, 100 * step.seconds / total,
               step.op_type, step.node);
  }
}

int run(int argc, char** argv) {
  set_num_threads(argc > 2 ? std::stoi(argv[2]) : 1);
  const bool profile = argc > 3 && std::string(argv[3]) == "profile";
  Program program = Program::compile(load_onnx(argv[1]), {.profile = profile});
  std::mt19937 random(1);
  std::vector<Tensor> inputs;
  for (const ProgramValue& value : program.inputs()) inputs.push_back(seeded_input(value, random));
  program.run(inputs);
  if (profile) {
    print_profile(program, inputs);
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) measure_round(program, inputs);
  return 0;
}

}  // namespace
}  // namespace zeropoint

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: executor_bench MODEL [THREADS [profile]]\n");
    return 2;
  }
  try {
    return zeropoint::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "executor_bench: {}\n", error.what());
    return 1;
  }
}
