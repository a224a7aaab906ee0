#include "core/nn/device.h"

#include "core/nn/kernels.h"

#include <dnnl.hpp>
#include <omp.h>
#include <torch/version.h>

#include <algorithm>
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

namespace {
dnnl::matmul makeProduct(const dnnl::engine &engine, const dnnl::memory::desc &a, const dnnl::memory::desc &b,
                         const dnnl::memory::desc &c) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl::matmul(dnnl::matmul::primitive_desc(engine, a, b, c));
#else
    return dnnl::matmul(dnnl::matmul::primitive_desc(dnnl::matmul::desc(a, b, c), engine));
#endif
}
} // namespace

double measureGemm(bool bf16) {
#if defined(__x86_64__)
    if (bf16 && !__builtin_cpu_supports("avx512bf16"))
        return 0;
#endif
    constexpr int64_t m = 2048, k = 512, n = 4096;
    using Type = dnnl::memory::data_type;
    const Type in = bf16 ? Type::bf16 : Type::f32;
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    dnnl::memory a({{m, k}, in, dnnl::memory::format_tag::ab}, engine),
        b({{k, n}, in, dnnl::memory::format_tag::ab}, engine);
    dnnl::memory c({{m, n}, Type::f32, dnnl::memory::format_tag::ab}, engine);
    std::fill_n(static_cast<uint16_t *>(a.get_data_handle()), a.get_desc().get_size() / 2, uint16_t{0x3f80});
    std::fill_n(static_cast<uint16_t *>(b.get_data_handle()), b.get_desc().get_size() / 2, uint16_t{0x3f80});
    dnnl::matmul product = makeProduct(engine, a.get_desc(), b.get_desc(), c.get_desc());
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        const auto start = std::chrono::steady_clock::now();
        product.execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
        stream.wait();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return 2.0 * m * k * n / best * 1e-9;
}

} // namespace tt
