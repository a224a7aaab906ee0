#include "core/nn/kernels.h"

#include <string_view>

namespace tt {

#if TT_X86_KERNELS
namespace avx512 {
extern const Kernels<float> floatKernels;
extern const Kernels<double> doubleKernels;
} // namespace avx512
namespace avx2 {
extern const Kernels<float> floatKernels;
extern const Kernels<double> doubleKernels;
} // namespace avx2
#endif
namespace generic {
extern const Kernels<float> floatKernels;
extern const Kernels<double> doubleKernels;
} // namespace generic

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
template <class T>
const Kernels<T> &pick(const Kernels<T> &generic, [[maybe_unused]] const Kernels<T> *avx2,
                       [[maybe_unused]] const Kernels<T> *avx512) {
    const std::string_view chosen = kernelInstructionSet();
    return chosen == "avx512" ? *avx512 : chosen == "avx2" ? *avx2 : generic;
}
} // namespace

#if TT_X86_KERNELS
template <>
const Kernels<float> &kernels<float>() {
    static const Kernels<float> &chosen = pick(generic::floatKernels, &avx2::floatKernels, &avx512::floatKernels);
    return chosen;
}
template <>
const Kernels<double> &kernels<double>() {
    static const Kernels<double> &chosen = pick(generic::doubleKernels, &avx2::doubleKernels, &avx512::doubleKernels);
    return chosen;
}
#else
template <>
const Kernels<float> &kernels<float>() {
    return generic::floatKernels;
}
template <>
const Kernels<double> &kernels<double>() {
    return generic::doubleKernels;
}
#endif

} // namespace tt
