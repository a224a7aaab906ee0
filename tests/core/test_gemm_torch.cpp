// Matrix products of every transposition and precision against LibTorch in double precision.

#include "core/nn/gemm.h"
#include "core/nn/kernels.h"
#include "core/random.h"

#include <torch/torch.h>

#include <QtTest>

#include <omp.h>
#include <thread>

using namespace tt;

namespace {
std::vector<float> normals(int64_t count, uint64_t seed) {
    Random random(seed);
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = static_cast<float>(random.normal());
    return values;
}

std::vector<BFloat16> rounded(const std::vector<float> &values) {
    std::vector<BFloat16> out(values.size());
    kernels<float>().roundToBFloat16(values.data(), out.data(), static_cast<int64_t>(values.size()));
    return out;
}

struct Case {
    Transpose a, b;
    int64_t m, n, k, pad; ///< pad: columns between the end of a row and the next
    float beta;
};

/// Rows of op(X)'s storage and their length.
std::pair<int64_t, int64_t> stored(Transpose transpose, int64_t rows, int64_t columns) {
    return transpose == Transpose::Yes ? std::pair{columns, rows} : std::pair{rows, columns};
}

torch::Tensor wide(const std::vector<float> &values, Transpose transpose, int64_t rows, int64_t stride, int64_t width) {
    const auto all = torch::from_blob(const_cast<float *>(values.data()), {rows, stride}, torch::kFloat);
    const auto used = all.slice(1, 0, width).to(torch::kDouble);
    return transpose == Transpose::Yes ? used.t() : used;
}

/// Largest error of C relative to √k: what rounding of k float32 sums of unit products may reach.
double errorOf(const Case &c, bool bfloat16, uint64_t seed) {
    const auto [rowsA, widthA] = stored(c.a, c.m, c.k);
    const auto [rowsB, widthB] = stored(c.b, c.k, c.n);
    const int64_t lda = widthA + c.pad, ldb = widthB + c.pad, ldc = c.n + c.pad;
    auto a = normals(rowsA * lda, seed), b = normals(rowsB * ldb, seed + 1);
    const auto before = normals(c.m * ldc, seed + 2);
    auto out = before;
    if (c.beta == 0)
        std::fill(out.begin(), out.end(), std::nanf("")); // C may hold anything
    if (bfloat16) {
        const auto narrowA = rounded(a), narrowB = rounded(b);
        gemm(c.a, c.b, c.m, c.n, c.k, narrowA.data(), lda, narrowB.data(), ldb, c.beta, out.data(), ldc);
        kernels<float>().widen(narrowA.data(), a.data(), static_cast<int64_t>(a.size()));
        kernels<float>().widen(narrowB.data(), b.data(), static_cast<int64_t>(b.size()));
    } else {
        gemm<float>(c.a, c.b, c.m, c.n, c.k, 1, a.data(), lda, b.data(), ldb, c.beta, out.data(), ldc);
    }
    auto expected = torch::mm(wide(a, c.a, rowsA, lda, widthA), wide(b, c.b, rowsB, ldb, widthB));
    expected += double(c.beta) * wide(before, Transpose::No, c.m, ldc, c.n);
    const double error = (expected - wide(out, Transpose::No, c.m, ldc, c.n)).abs().max().item<double>();
    return error / std::sqrt(double(c.k));
}
} // namespace

class TestGemm : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { torch::set_num_threads(1); }
    void products_equal_libtorchs_data();
    void products_equal_libtorchs();
    void rounding_is_to_the_nearest_even_as_torchs();
    void infinities_and_nans_survive_rounding();
    void threads_multiply_side_by_side();
};

void TestGemm::products_equal_libtorchs_data() {
    QTest::addColumn<bool>("bfloat16");
    QTest::addColumn<bool>("transposeA");
    QTest::addColumn<bool>("transposeB");
    QTest::addColumn<float>("beta");
    for (const bool bfloat16 : {false, true})
        for (const bool a : {false, true})
            for (const bool b : {false, true})
                for (const float beta : {0.0f, 1.0f, 0.5f})
                    QTest::addRow("%s %s%s beta %.1f", bfloat16 ? "bf16" : "fp32", a ? "T" : "N", b ? "T" : "N",
                                  double(beta))
                        << bfloat16 << a << b << beta;
}

void TestGemm::products_equal_libtorchs() {
    QFETCH(bool, bfloat16);
    QFETCH(bool, transposeA);
    QFETCH(bool, transposeB);
    QFETCH(float, beta);
    const auto a = Transpose(transposeA), b = Transpose(transposeB);
    for (const auto &[m, n, k] :
         {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1}, {3, 5, 7}, {1, 300, 64}, {257, 190, 131}})
        for (const int64_t pad : {0, 3})
            for (int again = 0; again < 2; ++again) { // the second time from what was kept
                const double error = errorOf({a, b, m, n, k, pad, beta}, bfloat16, uint64_t(again));
                QVERIFY2(error < 1e-5, qPrintable(QString("%1 x %2 x %3: %4").arg(m).arg(k).arg(n).arg(error)));
            }
}

void TestGemm::rounding_is_to_the_nearest_even_as_torchs() {
    std::vector<float> values = normals(5000, 3);
    for (const float exact : {0.0f, -0.0f, 1.0f, 1e-40f, -1e-40f, 3.4028235e38f, 1.00390625f, 1.01171875f}) // two ties
        values.push_back(exact);
    const auto expected = torch::tensor(values).to(torch::kBFloat16).to(torch::kFloat);
    const auto narrow = rounded(values);
    std::vector<float> back(values.size());
    kernels<float>().widen(narrow.data(), back.data(), static_cast<int64_t>(back.size()));
    QVERIFY(torch::equal(expected, torch::tensor(back)));
}

void TestGemm::infinities_and_nans_survive_rounding() {
    std::vector<float> values{INFINITY, -INFINITY, std::nanf("")};
    const uint32_t lowNan = 0x7f800001; // a NaN whose upper half alone is infinity
    std::memcpy(&values.emplace_back(), &lowNan, sizeof lowNan);
    const auto narrow = rounded(values);
    std::vector<float> back(values.size());
    kernels<float>().widen(narrow.data(), back.data(), static_cast<int64_t>(back.size()));
    QVERIFY(back[0] == INFINITY && back[1] == -INFINITY && std::isnan(back[2]) && std::isnan(back[3]));
}

void TestGemm::threads_multiply_side_by_side() {
    std::vector<std::jthread> threads;
    std::array<double, 4> errors{};
    for (size_t i = 0; i < errors.size(); ++i)
        threads.emplace_back([&, i] {
            omp_set_num_threads(1 + static_cast<int>(i % 2));
            torch::set_num_threads(1);
            for (int again = 0; again < 5; ++again)
                errors[i] =
                    std::max(errors[i], errorOf({Transpose::Yes, Transpose::No, 190, 257, 131, 0, 1}, i < 2, i));
        });
    threads.clear(); // joins
    for (const double error : errors)
        QVERIFY2(error < 1e-5, qPrintable(QString::number(error)));
}

QTEST_APPLESS_MAIN(TestGemm)
#include "test_gemm_torch.moc"
