// Selection of features and the optimiser's rows, with each instruction set, against their definitions.

#include "core/instruction_sets.h"

#include "core/nn/gemm.h"
#include "core/nn/sparse_encoding.h"
#include "core/nn/sparse_kernels.h"
#include "core/random.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <set>
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

using Rule = Selection<float>::Rule;

/// Memory at the start of a cache line, as kernels take it.
template <class T>
class Aligned {
public:
    explicit Aligned(int64_t count) : values_(static_cast<size_t>(count) + 64) {}
    T *data() {
        void *at = values_.data();
        size_t room = values_.size() * sizeof(T);
        return static_cast<T *>(std::align(64, 1, at, room));
    }

private:
    std::vector<T> values_;
};

/// An encoder and rows of its input, and their pre-activations (N, F).
struct Encoding {
    int64_t rows, features, d;
    std::vector<float> weights = normals(features * d, 10), bias = normals(features, 11), input = normals(rows * d, 12);
    [[nodiscard]] EncoderView<float> view() const { return {weights.data(), bias.data(), features, d}; }
    [[nodiscard]] std::vector<float> preActivations(int64_t row) const {
        std::vector<float> values;
        for (int64_t f = 0; f < features; ++f) {
            double sum = static_cast<double>(bias[static_cast<size_t>(f)]);
            for (int64_t i = 0; i < d; ++i)
                sum += static_cast<double>(weights[static_cast<size_t>(f * d + i)]) *
                       static_cast<double>(input[static_cast<size_t>(row * d + i)]);
            values.push_back(static_cast<float>(sum));
        }
        return values;
    }
    /// The kept entries of a row equal `expected` up to rounding.
    [[nodiscard]] static bool equal(const SparseActivations<float> &active, int64_t row, const Kept &expected) {
        const auto begin = active.offsets[static_cast<size_t>(row)], end = active.offsets[static_cast<size_t>(row) + 1];
        return std::equal(active.features.begin() + begin, active.features.begin() + end, expected.indices.begin(),
                          expected.indices.end()) &&
               std::equal(active.values.begin() + begin, active.values.begin() + end, expected.values.begin(),
                          expected.values.end(), [](float a, float b) { return std::abs(a - b) < 1e-4f; });
    }
};

} // namespace

class TestSparseKernels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void a_tile_is_the_product_and_the_bias();
    void a_bfloat16_tile_is_the_product_of_the_rounded_factors();
    void what_exceeds_its_bound_has_its_bit_set();
    void adam_equals_its_definition_with_and_without_a_gradient();
    void a_row_keeps_its_largest();
    void ties_go_to_the_smaller_feature();
    void what_exceeds_its_bound_is_kept();
    void a_batch_keeps_the_largest_of_all_its_rows();
    void a_choice_in_bfloat16_is_computed_again_in_float32();

private:
    [[nodiscard]] static const SparseKernels<float> &kernelsOf();
};

void TestSparseKernels::initTestCase_data() {
    addInstructionSets();
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

void TestSparseKernels::a_tile_is_the_product_and_the_bias() {
    const SparseKernels<float> &k = kernelsOf();
    for (const auto &[features, rows, d] : {std::tuple<int64_t, int64_t, int64_t>{k.tileFeatures, k.tileTokens, 70},
                                            {k.tileFeatures - 1, k.tileTokens - 1, 17},
                                            {1, 1, 1}}) {
        const auto weights = normals(features * d, 1), bias = normals(features, 2), x = normals(rows * d, 3);
        Aligned<float> packed(d * k.tileTokens), out(k.tileFeatures * k.tileTokens);
        k.packTokens(x.data(), rows, d, packed.data());
        k.tile(weights.data(), bias.data(), features, packed.data(), d, out.data());
        for (int64_t f = 0; f < features; ++f)
            for (int64_t t = 0; t < rows; ++t) {
                double expected = static_cast<double>(bias[static_cast<size_t>(f)]);
                for (int64_t i = 0; i < d; ++i)
                    expected += static_cast<double>(weights[static_cast<size_t>(f * d + i)]) *
                                static_cast<double>(x[static_cast<size_t>(t * d + i)]);
                QVERIFY(std::abs(static_cast<double>(out.data()[f * k.tileTokens + t]) - expected) < 1e-4);
            }
    }
}

void TestSparseKernels::a_bfloat16_tile_is_the_product_of_the_rounded_factors() {
    const SparseKernels<float> &k = kernelsOf();
    if (!k.tileBFloat16 || !hasFastBFloat16())
        QSKIP("This instruction set has no products of bfloat16.");
    const int64_t features = k.tileFeatures - 1, rows = k.tileTokens - 1, d = 34;
    const auto weights = normals(features * d, 1), bias = normals(features, 2), x = normals(rows * d, 3);
    std::vector<BFloat16> weights16(weights.size()), x16(x.size());
    kernels<float>().roundToBFloat16(weights.data(), weights16.data(), features * d);
    kernels<float>().roundToBFloat16(x.data(), x16.data(), rows * d);
    const auto wide = [](BFloat16 value) {
        float out = 0;
        kernels<float>().widen(&value, &out, 1);
        return static_cast<double>(out);
    };
    Aligned<BFloat16> packed(d * k.tileTokens);
    Aligned<float> out(k.tileFeatures * k.tileTokens);
    k.packTokensBFloat16(x16.data(), rows, d, packed.data());
    k.tileBFloat16(weights16.data(), bias.data(), features, packed.data(), d, out.data());
    for (int64_t f = 0; f < features; ++f)
        for (int64_t t = 0; t < rows; ++t) {
            double expected = static_cast<double>(bias[static_cast<size_t>(f)]);
            for (int64_t i = 0; i < d; ++i)
                expected += wide(weights16[static_cast<size_t>(f * d + i)]) * wide(x16[static_cast<size_t>(t * d + i)]);
            QVERIFY(std::abs(static_cast<double>(out.data()[f * k.tileTokens + t]) - expected) < 1e-4);
        }
}

void TestSparseKernels::what_exceeds_its_bound_has_its_bit_set() {
    const SparseKernels<float> &k = kernelsOf();
    auto values = normals(k.tileTokens, 4), bounds = normals(k.tileTokens, 5);
    values[1] = bounds[1]; // equal does not exceed
    values[2] = std::nanf("");
    const uint64_t bits = k.exceeding(values.data(), bounds.data());
    for (size_t t = 0; t < 64; ++t)
        QCOMPARE((bits >> t & 1) != 0, t < values.size() && values[t] > bounds[t]);
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

void TestSparseKernels::a_row_keeps_its_largest() {
    for (const auto &[rows, features, d] :
         {std::tuple<int64_t, int64_t, int64_t>{400, 203, 9}, {1, 8, 3}, {49, 1, 1}, {5, 1000, 30}}) {
        const Encoding e{rows, features, d};
        for (const int64_t k : {int64_t{1}, int64_t{7}, int64_t{64}, features}) {
            const auto kept = encodeSparse<float>(e.view(), e.input, {.rule = Rule::TopK, .k = k});
            QCOMPARE(kept.rows(), rows);
            for (int64_t r = 0; r < rows; ++r)
                QVERIFY(Encoding::equal(kept, r, bestBySorting(e.preActivations(r), k)));
        }
    }
}

void TestSparseKernels::ties_go_to_the_smaller_feature() {
    Encoding e{3, 300, 2};
    std::fill(e.weights.begin(), e.weights.end(), 0.0f);
    const auto keep = [&](Rule rule, int64_t k) {
        return encodeSparse<float>(e.view(), e.input, {.rule = rule, .k = k}).features;
    };
    e.bias.assign(300, 0.0f);
    QVERIFY(keep(Rule::TopK, 3).empty()); // nothing is positive
    e.bias.assign(300, 1.0f);
    QVERIFY(keep(Rule::TopK, 2) == (std::vector<int32_t>{0, 1, 0, 1, 0, 1}));
    e.bias[250] = 2;
    QVERIFY(keep(Rule::TopK, 2) == (std::vector<int32_t>{0, 250, 0, 250, 0, 250}));
    QVERIFY(keep(Rule::BatchTopK, 2) == (std::vector<int32_t>{0, 1, 2, 250, 250, 250})); // the smaller rows first
}

void TestSparseKernels::what_exceeds_its_bound_is_kept() {
    const Encoding e{60, 131, 5};
    const auto bounds = normals(e.features, 13);
    for (const float *limits : {bounds.data(), static_cast<const float *>(nullptr)}) {
        const auto kept = encodeSparse<float>(e.view(), e.input, {.rule = Rule::Above, .bounds = limits});
        for (int64_t r = 0; r < e.rows; ++r) {
            const auto all = e.preActivations(r);
            Kept expected;
            for (size_t f = 0; f < all.size(); ++f)
                if (all[f] > (limits ? limits[f] : 0)) {
                    expected.indices.push_back(static_cast<int32_t>(f));
                    expected.values.push_back(all[f]);
                }
            QVERIFY(Encoding::equal(kept, r, expected));
        }
    }
}

void TestSparseKernels::a_batch_keeps_the_largest_of_all_its_rows() {
    const Encoding e{407, 130, 9};
    std::vector<float> all; // as one long row
    for (int64_t r = 0; r < e.rows; ++r) {
        const auto row = e.preActivations(r);
        all.insert(all.end(), row.begin(), row.end());
    }
    for (const int64_t k : {int64_t{1}, int64_t{7}, e.features}) {
        const auto kept = encodeSparse<float>(e.view(), e.input, {.rule = Rule::BatchTopK, .k = k});
        const Kept best = bestBySorting(all, k * e.rows);
        QCOMPARE(kept.values.size(), best.values.size());
        for (int64_t r = 0; r < e.rows; ++r)
            for (auto at = static_cast<size_t>(kept.offsets[static_cast<size_t>(r)]);
                 at < static_cast<size_t>(kept.offsets[static_cast<size_t>(r) + 1]); ++at)
                QCOMPARE(r * e.features + kept.features[at], static_cast<int64_t>(best.indices[at]));
    }
}

void TestSparseKernels::a_choice_in_bfloat16_is_computed_again_in_float32() {
    const Encoding e{200, 500, 64};
    const auto exact = encodeSparse<float>(e.view(), e.input, {.rule = Rule::TopK, .k = 8});
    RoundedFactors rounded;
    const auto kept = encodeSparseBFloat16(e.view(), e.input, {.rule = Rule::TopK, .k = 8}, rounded);
    std::set<std::pair<int64_t, int32_t>> both;
    size_t found = 0;
    for (int64_t r = 0; r < e.rows; ++r) {
        const auto all = e.preActivations(r);
        for (auto i = static_cast<size_t>(exact.offsets[static_cast<size_t>(r)]);
             i < static_cast<size_t>(exact.offsets[static_cast<size_t>(r) + 1]); ++i)
            both.emplace(r, exact.features[i]);
        for (auto i = static_cast<size_t>(kept.offsets[static_cast<size_t>(r)]);
             i < static_cast<size_t>(kept.offsets[static_cast<size_t>(r) + 1]); ++i) {
            found += both.contains({r, kept.features[i]});
            QVERIFY(std::abs(kept.values[i] - all[static_cast<size_t>(kept.features[i])]) < 1e-4f);
        }
    }
    QVERIFY2(found > exact.values.size() * 97 / 100, "bfloat16 chose others");
}

QTEST_APPLESS_MAIN(TestSparseKernels)
#include "test_sparse_kernels.moc"
