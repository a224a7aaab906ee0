// Selection of features and the optimiser's rows, with each instruction set, against their definitions.

#include "core/nn/sparse_encoding.h"
#include "core/nn/sparse_kernels.h"
#include "core/random.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

namespace tt {
namespace generic {
extern const SparseKernels<float> floatSparseKernels;
}
#if defined(__x86_64__)
namespace avx2 {
extern const SparseKernels<float> floatSparseKernels;
}
namespace avx512 {
extern const SparseKernels<float> floatSparseKernels;
}
#endif
} // namespace tt

using namespace tt;

namespace {

std::vector<float> normals(int64_t count, uint64_t seed, double scale = 1) {
    Random random(seed);
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = static_cast<float>(scale * random.normal());
    return values;
}

struct Kept {
    std::vector<int32_t> indices;
    std::vector<float> values;
    bool operator==(const Kept &) const = default;
};

/// The k best of shifted > 0 by sorting, ties to the smaller index, in order of index.
Kept bestBySorting(const std::vector<float> &shifted, int64_t k) {
    std::vector<int32_t> order(shifted.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        return shifted[static_cast<size_t>(a)] > shifted[static_cast<size_t>(b)];
    });
    Kept kept;
    for (const int32_t i : order)
        if (static_cast<int64_t>(kept.indices.size()) < k && shifted[static_cast<size_t>(i)] > 0)
            kept.indices.push_back(i);
    std::sort(kept.indices.begin(), kept.indices.end());
    for (const int32_t i : kept.indices)
        kept.values.push_back(shifted[static_cast<size_t>(i)]);
    return kept;
}

std::vector<float> sum(const std::vector<float> &a, const std::vector<float> &b) {
    std::vector<float> out(a.size());
    std::transform(a.begin(), a.end(), b.begin(), out.begin(), std::plus<>());
    return out;
}

} // namespace

class TestSparseKernels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void the_largest_positive_values_are_kept();
    void ties_go_to_the_smaller_index();
    void what_exceeds_its_bound_is_kept();
    void adam_equals_its_definition_with_and_without_a_gradient();
    void a_batch_keeps_the_largest_of_all_its_rows();

private:
    [[nodiscard]] static const SparseKernels<float> &kernelsOf();
    static Kept topK(const std::vector<float> &row, const std::vector<float> &bias, int64_t k);
};

void TestSparseKernels::initTestCase_data() {
    QTest::addColumn<QString>("set");
    QTest::newRow("generic") << "generic";
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        QTest::newRow("avx2") << "avx2";
    if (std::string_view(kernelInstructionSet()) == "avx512")
        QTest::newRow("avx512") << "avx512";
#endif
}

const SparseKernels<float> &TestSparseKernels::kernelsOf() {
    QFETCH_GLOBAL(QString, set);
#if defined(__x86_64__)
    if (set == "avx512")
        return avx512::floatSparseKernels;
    if (set == "avx2")
        return avx2::floatSparseKernels;
#endif
    return generic::floatSparseKernels;
}

Kept TestSparseKernels::topK(const std::vector<float> &row, const std::vector<float> &bias, int64_t k) {
    Kept kept{std::vector<int32_t>(static_cast<size_t>(k), -1), std::vector<float>(static_cast<size_t>(k), -1)};
    const auto count = static_cast<size_t>(kernelsOf().topK(row.data(), bias.data(), static_cast<int64_t>(row.size()),
                                                            k, kept.indices.data(), kept.values.data()));
    kept.indices.resize(count);
    kept.values.resize(count);
    return kept;
}

void TestSparseKernels::the_largest_positive_values_are_kept() {
    for (const auto &[width, k] :
         {std::pair<int64_t, int64_t>{200, 16}, {1, 1}, {63, 63}, {129, 1}, {50, 7}, {4096, 32}, {3000, 1500}})
        for (uint64_t seed = 0; seed < 5; ++seed) {
            const auto row = normals(width, seed), bias = normals(width, 50 + seed, 0.5);
            QVERIFY(topK(row, bias, k) == bestBySorting(sum(row, bias), k));
        }
}

void TestSparseKernels::ties_go_to_the_smaller_index() {
    const std::vector<float> none(8);
    QVERIFY(topK(none, none, 3).indices.empty()); // nothing is positive
    const std::vector<float> row{1, 2, -1, 2, 1, 2, 1, 3};
    QVERIFY(topK(row, none, 3).indices == (std::vector<int32_t>{1, 3, 7}));
    const Kept five = topK(row, none, 5);
    QVERIFY(five.indices == (std::vector<int32_t>{0, 1, 3, 5, 7}));
    QVERIFY(five.values == (std::vector<float>{1, 2, 2, 2, 3}));
    QCOMPARE(topK(row, none, 8).indices.size(), size_t{7});
    const std::vector<float> same(300, 1.0f), zero(300);
    QVERIFY(topK(same, zero, 4).indices == (std::vector<int32_t>{0, 1, 2, 3}));
}

void TestSparseKernels::what_exceeds_its_bound_is_kept() {
    for (const int64_t width : {1, 64, 200, 1031}) {
        const auto row = normals(width, 3), bias = normals(width, 4), bounds = normals(width, 5);
        const auto shifted = sum(row, bias);
        for (const bool each : {false, true}) {
            Kept expected, kept{std::vector<int32_t>(row.size()), std::vector<float>(row.size())};
            for (size_t i = 0; i < row.size(); ++i)
                if (shifted[i] > (each ? bounds[i] : 0.3f)) {
                    expected.indices.push_back(static_cast<int32_t>(i));
                    expected.values.push_back(shifted[i]);
                }
            const auto count =
                static_cast<size_t>(kernelsOf().above(row.data(), bias.data(), each ? bounds.data() : nullptr, 0.3f,
                                                      width, kept.indices.data(), kept.values.data()));
            kept.indices.resize(count);
            kept.values.resize(count);
            QVERIFY(kept == expected);
        }
    }
}

void TestSparseKernels::adam_equals_its_definition_with_and_without_a_gradient() {
    constexpr int64_t n = 101;
    auto weights = normals(n, 6), first = normals(n, 7, 0.1), second = normals(n, 8, 0.1);
    for (float &value : second)
        value *= value;
    std::vector<double> w(weights.begin(), weights.end()), m(first.begin(), first.end()),
        v(second.begin(), second.end());
    for (int step = 5; step < 9; ++step) {
        const auto gradient = normals(n, static_cast<uint64_t>(step));
        const bool given = step % 2 == 0;
        const AdamStep adam{.learningRate = 1e-2,
                            .correction1 = 1 - std::pow(0.9, step),
                            .correction2 = 1 - std::pow(0.999, step),
                            .gradientScale = 0.5};
        kernelsOf().adam(weights.data(), given ? gradient.data() : nullptr, first.data(), second.data(), n, adam);
        for (size_t i = 0; i < w.size(); ++i) {
            const double g = given ? 0.5 * static_cast<double>(gradient[i]) : 0;
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            w[i] -= 1e-2 * (m[i] / adam.correction1) / (std::sqrt(v[i] / adam.correction2) + 1e-8);
            QVERIFY(std::abs(w[i] - static_cast<double>(weights[i])) < 1e-5);
            QVERIFY(std::abs(m[i] - static_cast<double>(first[i])) < 1e-6);
            QVERIFY(std::abs(v[i] - static_cast<double>(second[i])) < 1e-6);
        }
    }
}

void TestSparseKernels::a_batch_keeps_the_largest_of_all_its_rows() {
    constexpr int64_t rows = 37, features = 130, d = 9;
    const auto weights = normals(features * d, 10), bias = normals(features, 11), input = normals(rows * d, 12);
    const EncoderView<float> encoder{weights.data(), bias.data(), features, d};
    // Every positive pre-activation, row after row, as one long row.
    const auto all = encodeSparse<float>(encoder, input, {.rule = Selection<float>::Rule::Above});
    for (const int64_t k : {int64_t{1}, int64_t{7}, features}) {
        const auto kept = encodeSparse<float>(encoder, input, {.rule = Selection<float>::Rule::BatchTopK, .k = k});
        const Kept best = bestBySorting(all.values, k * rows);
        QVERIFY(kept.values == best.values);
        QCOMPARE(kept.rows(), rows);
        size_t at = 0;
        for (int64_t r = 0; r < rows; ++r)
            for (; at < static_cast<size_t>(kept.offsets[static_cast<size_t>(r) + 1]); ++at) {
                const auto from = static_cast<size_t>(best.indices[at]);
                QCOMPARE(kept.features[at], all.features[from]);
                QVERIFY(static_cast<int64_t>(from) >= all.offsets[static_cast<size_t>(r)] &&
                        static_cast<int64_t>(from) < all.offsets[static_cast<size_t>(r) + 1]);
            }
    }
}

QTEST_APPLESS_MAIN(TestSparseKernels)
#include "test_sparse_kernels.moc"
