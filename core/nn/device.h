#pragma once

#include <string>

namespace tt {

/// Sets how many threads the calling thread's computations use (OpenMP and oneDNN), and those it starts later.
/// 1 ≤ threads ≤ hardware threads, else clamped.
void useThreads(int threads);
/// Threads of the machine that this process may use.
int hardwareThreads();

struct ComputeInfo {
    std::string libtorch, onednn; ///< versions
    std::string cpu;              ///< instruction set the kernels chose: "avx512", "avx2" or "generic"
};
ComputeInfo computeInfo();

/// Whether LibTorch computes on `device` ("cuda" or "cuda:1") here.
bool hasCudaDevice(const std::string &device);

/// Measured rate of a float32 (bf16: bfloat16 inputs, float32 sums) product of 4096 × 512 × 4096, in GFLOP/s: the
/// best of eight, about 0.4 s. bf16 is 0 where the processor has no fast product for it.
double measureGemm(bool bf16);

} // namespace tt
