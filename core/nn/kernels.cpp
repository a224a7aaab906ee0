#include "core/nn/kernels.h"
#include "core/nn/sparse_kernels.h"
#include "core/nn/step_kernels.h"

#include <string_view>

namespace tt {

// Each instruction set's tables, as the *_isa.cpp files name them.
#define TT_DECLARE_TABLES(isa)                                                                                         \
    namespace isa {                                                                                                    \
    extern const Kernels<float> floatKernels;                                                                          \
    extern const Kernels<double> doubleKernels;                                                                        \
    extern const SparseKernels<float> floatSparseKernels;                                                              \
    extern const SparseKernels<double> doubleSparseKernels;                                                            \
    extern const StepKernels<float, float> floatStepKernels;                                                           \
    extern const StepKernels<double, double> doubleStepKernels;                                                        \
    extern const StepKernels<float, BFloat16> bfloat16StepKernels;                                                     \
    }
TT_DECLARE_TABLES(generic)
#if TT_X86_KERNELS
TT_DECLARE_TABLES(avx2)
TT_DECLARE_TABLES(avx512)
#endif
#undef TT_DECLARE_TABLES

const char *kernelInstructionSet() {
#if TT_X86_KERNELS
    static const char *const chosen = [] {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
            return "avx512";
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "avx2" : "generic";
    }();
    return chosen;
#else
    return "generic";
#endif
}

namespace {
/// The table of this processor's instruction set.
template <class Table>
const Table &pick(const Table &generic, [[maybe_unused]] const Table *avx2, [[maybe_unused]] const Table *avx512) {
    const std::string_view chosen = kernelInstructionSet();
    return chosen == "avx512" ? *avx512 : chosen == "avx2" ? *avx2 : generic;
}
} // namespace

#if TT_X86_KERNELS
#define TT_PICK(table) pick(generic::table, &avx2::table, &avx512::table)
#else
#define TT_PICK(table) pick<decltype(generic::table)>(generic::table, nullptr, nullptr)
#endif

template <>
const Kernels<float> &kernels<float>() {
    static const auto &chosen = TT_PICK(floatKernels);
    return chosen;
}
template <>
const Kernels<double> &kernels<double>() {
    static const auto &chosen = TT_PICK(doubleKernels);
    return chosen;
}
template <>
const SparseKernels<float> &sparseKernels<float>() {
    static const auto &chosen = TT_PICK(floatSparseKernels);
    return chosen;
}
template <>
const SparseKernels<double> &sparseKernels<double>() {
    static const auto &chosen = TT_PICK(doubleSparseKernels);
    return chosen;
}
template <>
const StepKernels<float, float> &stepKernels() {
    static const auto &chosen = TT_PICK(floatStepKernels);
    return chosen;
}
template <>
const StepKernels<double, double> &stepKernels() {
    static const auto &chosen = TT_PICK(doubleStepKernels);
    return chosen;
}
template <>
const StepKernels<float, BFloat16> &stepKernels() {
    static const auto &chosen = TT_PICK(bfloat16StepKernels);
    return chosen;
}
#undef TT_PICK

} // namespace tt
