#pragma once

#include "core/nn/kernels.h"
#include "core/random.h"

#include <QTest>

#include <string_view>
#include <vector>

/// One row for each instruction set this processor has, in a column "set".
inline void addInstructionSets() {
    QTest::addColumn<QString>("set");
    QTest::newRow("generic") << "generic";
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        QTest::newRow("avx2") << "avx2";
    if (std::string_view(tt::kernelInstructionSet()) == "avx512")
        QTest::newRow("avx512") << "avx512";
#endif
}

inline std::vector<float> normals(int64_t count, uint64_t seed, double scale = 1) {
    tt::Random random(seed);
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = static_cast<float>(scale * random.normal());
    return values;
}
