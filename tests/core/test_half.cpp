#include "core/error.h"
#include "core/io/half.h"

#include <QTemporaryDir>
#include <QTest>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

using namespace tt;
namespace fs = std::filesystem;

namespace {
/// The value of binary16 bits, from the format's definition: sign, 5 bits of exponent, 10 of fraction.
double valueOf(uint16_t half) {
    const int exponent = (half >> 10) & 31, fraction = half & 1023;
    const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -size : size;
}
} // namespace

class TestHalf : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_half_comes_back_from_its_value() {
        for (uint32_t half = 0; half < 0x10000; ++half)
            if (((half >> 10) & 31) != 31)
                QCOMPARE(toHalf(static_cast<float>(valueOf(static_cast<uint16_t>(half)))), static_cast<uint16_t>(half));
    }

    /// Between two neighbours the nearer is taken, in the middle the even one.
    void a_value_between_two_halves_goes_to_the_nearer() {
        for (uint16_t half = 0; half < 0x7bff; ++half) {
            const double low = valueOf(half), high = valueOf(static_cast<uint16_t>(half + 1));
            const auto middle = static_cast<float>((low + high) / 2); // exact: one more bit than a half has
            QCOMPARE(toHalf(std::nextafter(middle, 0.0f)), half);
            QCOMPARE(toHalf(std::nextafter(middle, 1e9f)), static_cast<uint16_t>(half + 1));
            QCOMPARE(toHalf(middle), static_cast<uint16_t>(half % 2 == 0 ? half : half + 1));
            QCOMPARE(toHalf(-middle), static_cast<uint16_t>(0x8000 | (half % 2 == 0 ? half : half + 1)));
        }
    }

    void what_is_too_large_is_infinity() {
        QCOMPARE(toHalf(65'504.0f), uint16_t{0x7bff});
        QCOMPARE(toHalf(65'519.0f), uint16_t{0x7bff});
        QCOMPARE(toHalf(65'520.0f), uint16_t{0x7c00});
        QCOMPARE(toHalf(-std::numeric_limits<float>::infinity()), uint16_t{0xfc00});
        QVERIFY((toHalf(std::numeric_limits<float>::quiet_NaN()) & 0x3ff) != 0);
    }

    void a_file_is_read_as_the_same_numbers_rounded() {
        QTemporaryDir folder;
        const fs::path file = fs::path(folder.path().toStdString()) / "weights.safetensors";
        const std::vector<float> values{0.1f, -2.5f, 1e-7f, 1234.56f, 0, 3e-5f};
        const std::vector<int32_t> counts{1, 2, 3};
        writeSafetensors(file,
                         std::vector<TensorToWrite>{floatTensor("w", {2, 3}, values),
                                                    {"n", DType::I32, {3}, std::as_bytes(std::span(counts))}},
                         {{"checkpoint", "7"}});
        const auto before = fs::file_size(file);
        writeAsHalf(file, file);
        QVERIFY(fs::file_size(file) < before);
        const SafetensorsFile read(file);
        QCOMPARE(read.metadata().at("checkpoint"), std::string("7"));
        QVERIFY(read.find("n")->dtype == DType::I32);
        const std::vector<float> back = read.floats("w", {2, 3});
        for (size_t i = 0; i < values.size(); ++i) // half a unit in the last of 11 bits, or of the smallest number
            QVERIFY(std::abs(back[i] - values[i]) <= std::max(std::abs(values[i]) * 0x1p-11f, 0x1p-25f));
    }

    void a_number_that_does_not_fit_is_refused() {
        const std::vector<float> values{1, 1e6f};
        QVERIFY_EXCEPTION_THROWN(HalfTensor("w", {2}, values), Error);
    }
};

QTEST_GUILESS_MAIN(TestHalf)
#include "test_half.moc"
