#include "core/nn/device.h"

#include "core/nn/gemm.h"
#include "core/nn/kernels.h"

#include <ATen/Context.h>
#include <dnnl.h>
#include <omp.h>
#include <torch/version.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

namespace tt {

void useThreads(int threads) {
    omp_set_num_threads(std::clamp(threads, 1, hardwareThreads()));
}

int hardwareThreads() {
    return std::max(1, omp_get_num_procs());
}

ComputeInfo computeInfo() {
    const dnnl_version_t *version = dnnl_version();
    return {.libtorch = TORCH_VERSION,
            .onednn = std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                      std::to_string(version->patch),
            .cpu = kernelInstructionSet()};
}

bool hasCudaDevice(const std::string &device) {
    if (!device.starts_with("cuda") || !at::hasCUDA())
        return false;
    int index = 0;
    const std::string number = device.size() > 5 && device[4] == ':' ? device.substr(5) : "0";
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    return error == std::errc() && end == number.data() + number.size() && index >= 0 &&
           index < static_cast<int>(at::getNumGPUs());
}

double measureGemm(bool bf16) {
    if (bf16 && !hasFastBFloat16())
        return 0;
    constexpr int64_t m = 4096, k = 512, n = 4096;
    std::vector<float> a(m * k, 1.0f), b(k * n, 1.0f), c(m * n);
    std::vector<BFloat16> narrowA(a.size(), {0x3f80}), narrowB(b.size(), {0x3f80}); // 1
    double best = 1e9;
    for (int i = 0; i < 8; ++i) {
        const auto start = std::chrono::steady_clock::now();
        if (bf16)
            gemm(Transpose::No, Transpose::No, m, n, k, narrowA.data(), k, narrowB.data(), n, 0, c.data(), n);
        else
            gemm(Transpose::No, Transpose::No, m, n, k, 1.0f, a.data(), k, b.data(), n, 0.0f, c.data(), n);
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return 2.0 * m * k * n / best * 1e-9;
}

} // namespace tt
