#include "core/io/safetensors.h"

#include "core/error.h"

#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

using namespace tt;
namespace fs = std::filesystem;

namespace {

/// Little-endian bytes of `size` low bytes of a number.
std::string littleEndian(uint64_t value, size_t size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i)
        bytes += static_cast<char>((value >> (8 * i)) & 0xff);
    return bytes;
}

/// A safetensors file by the format's definition: length of the header, header, data.
std::string assemble(const std::string &header, const std::string &data) {
    return littleEndian(header.size(), 8) + header + data;
}

std::string entry(const std::string &name, const std::string &dtype, const std::string &shape,
                  const std::string &offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

std::span<const std::byte> bytesOf(const std::string &text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

uint32_t bits(float value) {
    return std::bit_cast<uint32_t>(value);
}

} // namespace

class TestSafetensors : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_type_comes_back_byte_for_byte_data();
    void every_type_comes_back_byte_for_byte();
    void the_layout_is_that_of_a_file_assembled_by_hand();
    void half_precision_follows_ieee_754_data();
    void half_precision_follows_ieee_754();
    void brain_floats_and_doubles_become_floats();
    void every_finite_half_is_its_formula();
    void values_that_are_not_finite_are_refused_data();
    void values_that_are_not_finite_are_refused();
    void whole_numbers_are_no_floats();
    void a_missing_tensor_or_another_shape_is_named();
    void a_file_cut_at_any_byte_is_refused();
    void a_header_that_lies_is_refused_data();
    void a_header_that_lies_is_refused();
    void tensors_without_values_are_allowed();
    void what_cannot_be_written_is_refused_and_leaves_nothing();
    void a_file_without_tensors_can_be_read_again();
    void a_real_checkpoint_is_read();

private:
    [[nodiscard]] fs::path path(const char *name = "a.safetensors") const {
        return fs::path(folder_.path().toStdString()) / name;
    }
    [[nodiscard]] SafetensorsFile open(const std::string &bytes) const {
        writeFileAtomically(path(), bytes);
        return SafetensorsFile(path());
    }
    QTemporaryDir folder_;
};

void TestSafetensors::every_type_comes_back_byte_for_byte_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("size");
    const auto row = [](DType type, const char *name, int size) {
        QTest::newRow(name) << static_cast<int>(type) << name << size;
    };
    row(DType::Bool, "BOOL", 1);
    row(DType::U8, "U8", 1);
    row(DType::I8, "I8", 1);
    row(DType::U16, "U16", 2);
    row(DType::I16, "I16", 2);
    row(DType::U32, "U32", 4);
    row(DType::I32, "I32", 4);
    row(DType::U64, "U64", 8);
    row(DType::I64, "I64", 8);
    row(DType::BF16, "BF16", 2);
    row(DType::F16, "F16", 2);
    row(DType::F32, "F32", 4);
    row(DType::F64, "F64", 8);
}

void TestSafetensors::every_type_comes_back_byte_for_byte() {
    QFETCH(int, type);
    QFETCH(QString, name);
    QFETCH(int, size);
    const auto dtype = static_cast<DType>(type);
    QCOMPARE(QString::fromStdString(std::string(dtypeName(dtype))), name);
    QCOMPARE(static_cast<int>(dtypeSize(dtype)), size);
    std::string data;
    for (int i = 0; i < 6 * size; ++i)
        data += static_cast<char>(i * 37 + 1);
    const std::array tensors{TensorToWrite{"x", dtype, {2, 3}, bytesOf(data)}};
    writeSafetensors(path(), tensors, {{"format", "pt"}});
    const SafetensorsFile file(path());
    QCOMPARE(file.tensors().size(), size_t{1});
    const TensorView *view = file.find("x");
    QVERIFY(view != nullptr && view->dtype == dtype);
    QVERIFY(view->shape == (std::vector<int64_t>{2, 3}));
    QVERIFY(std::memcmp(view->data.data(), data.data(), data.size()) == 0 && view->data.size() == data.size());
    QVERIFY(file.metadata() == (std::map<std::string, std::string>{{"format", "pt"}}));
    QVERIFY(file.find("y") == nullptr);
}

void TestSafetensors::the_layout_is_that_of_a_file_assembled_by_hand() {
    const std::vector<float> a{1.0f, -2.5f}, b{0.0f};
    const std::array tensors{floatTensor("a", {2}, a), floatTensor("b", {1, 1}, b)};
    writeSafetensors(path(), tensors, {{"k", "v"}});
    std::string header = R"({"__metadata__":{"k":"v"},)" + entry("a", "F32", "[2]", "[0,8]") + "," +
                         entry("b", "F32", "[1,1]", "[8,12]") + "}";
    header.append((8 - header.size() % 8) % 8, ' ');
    // 1.0 = 0x3f800000, −2.5 = 0xc0200000
    const std::string data = littleEndian(0x3f800000, 4) + littleEndian(0xc0200000, 4) + littleEndian(0, 4);
    QCOMPARE(QByteArray::fromStdString(readFile(path())), QByteArray::fromStdString(assemble(header, data)));
    QVERIFY(open(assemble(header, data)).floats("a", {2}) == a);
}

void TestSafetensors::half_precision_follows_ieee_754_data() {
    QTest::addColumn<int>("half");
    QTest::addColumn<float>("value");
    QTest::newRow("zero") << 0x0000 << 0.0f;
    QTest::newRow("minus zero") << 0x8000 << -0.0f;
    QTest::newRow("one") << 0x3c00 << 1.0f;
    QTest::newRow("minus two") << 0xc000 << -2.0f;
    QTest::newRow("a third") << 0x3555 << 0.333251953125f;
    QTest::newRow("largest") << 0x7bff << 65504.0f;
    QTest::newRow("smallest normal") << 0x0400 << std::ldexp(1.0f, -14);
    QTest::newRow("largest subnormal") << 0x03ff << std::ldexp(1023.0f, -24);
    QTest::newRow("smallest subnormal") << 0x0001 << std::ldexp(1.0f, -24);
    QTest::newRow("negative subnormal") << 0x8001 << -std::ldexp(1.0f, -24);
}

void TestSafetensors::half_precision_follows_ieee_754() {
    QFETCH(int, half);
    QFETCH(float, value);
    const auto file =
        open(assemble("{" + entry("h", "F16", "[1]", "[0,2]") + "}", littleEndian(static_cast<uint64_t>(half), 2)));
    QCOMPARE(bits(file.floats("h", {1}).front()), bits(value)); // bits: −0 is not 0
}

void TestSafetensors::every_finite_half_is_its_formula() {
    std::string data;
    std::vector<double> expected;
    for (uint32_t half = 0; half < 0x10000; ++half) {
        const int exponent = static_cast<int>(half >> 10 & 31);
        if (exponent == 31)
            continue;
        const double mantissa = half & 1023, sign = (half & 0x8000) ? -1 : 1;
        expected.push_back(sign *
                           (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25)));
        data += littleEndian(half, 2);
    }
    const auto count = static_cast<int64_t>(expected.size());
    const auto file = open(assemble(
        "{" + entry("h", "F16", "[" + std::to_string(count) + "]", "[0," + std::to_string(2 * count) + "]") + "}",
        data));
    const auto values = file.floats("h", {count});
    for (size_t i = 0; i < values.size(); ++i)
        QCOMPARE(static_cast<double>(values[i]), expected[i]);
}

void TestSafetensors::brain_floats_and_doubles_become_floats() {
    // bfloat16 is a float's upper half: 0x3fc0 = 1.5, 0x0001 = 2^−133 (subnormal), 0xff7f the most negative.
    const std::string data = littleEndian(0x3fc0, 2) + littleEndian(0x0001, 2) + littleEndian(0xff7f, 2) +
                             littleEndian(0, 2) + littleEndian(std::bit_cast<uint64_t>(0.1), 8) +
                             littleEndian(std::bit_cast<uint64_t>(-1e-45), 8);
    const auto file =
        open(assemble("{" + entry("b", "BF16", "[4]", "[0,8]") + "," + entry("d", "F64", "[2]", "[8,24]") + "}", data));
    const auto b = file.floats("b", {4}), d = file.floats("d", {2});
    QCOMPARE(b[0], 1.5f);
    QCOMPARE(b[1], std::ldexp(1.0f, -133));
    QCOMPARE(bits(b[2]), 0xff7f0000u);
    QCOMPARE(bits(d[0]), bits(0.1f));  // to nearest
    QCOMPARE(bits(d[1]), 0x80000001u); // the smallest subnormal
}

void TestSafetensors::values_that_are_not_finite_are_refused_data() {
    QTest::addColumn<QString>("dtype");
    QTest::addColumn<quint64>("value");
    QTest::addColumn<int>("size");
    const auto row = [](const char *name, const char *dtype, quint64 value, int size) {
        QTest::newRow(name) << QString(dtype) << value << size;
    };
    row("half infinity", "F16", 0x7c00, 2);
    row("half minus infinity", "F16", 0xfc00, 2);
    row("half NaN", "F16", 0x7e01, 2);
    row("bfloat infinity", "BF16", 0x7f80, 2);
    row("bfloat NaN", "BF16", 0x7fc0, 2);
    row("float infinity", "F32", 0x7f800000, 4);
    row("float NaN", "F32", 0x7fc00000, 4);
    row("float signalling NaN", "F32", 0xff800001, 4);
    row("double NaN", "F64", 0x7ff8000000000000, 8);
    row("double beyond float", "F64", std::bit_cast<uint64_t>(1e39), 8);
}

void TestSafetensors::values_that_are_not_finite_are_refused() {
    QFETCH(QString, dtype);
    QFETCH(quint64, value);
    QFETCH(int, size);
    const auto file =
        open(assemble("{" + entry("x", dtype.toStdString(), "[1]", "[0," + std::to_string(size) + "]") + "}",
                      littleEndian(value, static_cast<size_t>(size))));
    QVERIFY_EXCEPTION_THROWN(file.floats("x", {1}), Error);
}

void TestSafetensors::whole_numbers_are_no_floats() {
    const auto file = open(assemble("{" + entry("x", "I32", "[1]", "[0,4]") + "}", littleEndian(7, 4)));
    QVERIFY_EXCEPTION_THROWN(file.floats("x", {1}), Error);
}

void TestSafetensors::a_missing_tensor_or_another_shape_is_named() {
    const auto file = open(assemble("{" + entry("x", "F32", "[1]", "[0,4]") + "}", littleEndian(0, 4)));
    for (const auto &[name, shape] : {std::pair<std::string, std::vector<int64_t>>{"y", {1}}, {"x", {1, 1}}}) {
        try {
            static_cast<void>(file.floats(name, shape));
            QFAIL("not refused");
        } catch (const Error &error) {
            const std::string text = error.what();
            QVERIFY2(text.find("\"" + name + "\"") != std::string::npos &&
                         text.find("a.safetensors") != std::string::npos,
                     error.what());
        }
    }
}

void TestSafetensors::a_file_cut_at_any_byte_is_refused() {
    const std::vector<float> values{1, 2, 3};
    const std::array tensors{floatTensor("weights", {3}, values), floatTensor("bias", {1}, std::span(values).first(1))};
    writeSafetensors(path(), tensors, {{"format", "pt"}});
    const std::string whole = readFile(path());
    for (size_t size = 0; size < whole.size(); ++size) {
        writeFileAtomically(path(), whole.substr(0, size));
        try {
            const SafetensorsFile file(path());
            QFAIL(qPrintable(QString("a file of %1 of %2 bytes was read").arg(size).arg(whole.size())));
        } catch (const Error &error) {
            QVERIFY(std::string(error.what()).find("a.safetensors") != std::string::npos);
        }
    }
    QCOMPARE(open(whole).tensors().size(), size_t{2});
}

void TestSafetensors::a_header_that_lies_is_refused_data() {
    QTest::addColumn<QByteArray>("file");
    const std::string eight(8, '\0'), sixteen(16, '\0');
    const auto row = [](const char *name, const std::string &bytes) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes);
    };
    const auto header = [&](const char *name, const std::string &entries, const std::string &data) {
        row(name, assemble("{" + entries + "}", data));
    };
    row("length of all ones", littleEndian(~uint64_t{0}, 8) + "{}");
    row("length that wraps round", littleEndian(~uint64_t{0} - 7, 8) + "{}");
    row("length of 1 GB", littleEndian(uint64_t{1} << 30, 8) + "{}");
    row("length one too long", littleEndian(3, 8) + "{}");
    row("length zero", littleEndian(0, 8) + "{}");
    row("no JSON", assemble("nonsense", ""));
    row("a list", assemble("[]", ""));
    row("null", assemble("null", ""));
    row("JSON cut short", assemble("{\"a\":", ""));
    row("text behind the JSON", assemble("{} {}", ""));
    header("offsets beyond the file", entry("a", "F32", "[4]", "[0,16]"), eight);
    header("offsets far beyond", entry("a", "F32", "[4]", "[18446744073709551600,18446744073709551615]"), eight);
    header("offsets backwards", entry("a", "F32", "[1]", "[4,0]"), eight);
    header("negative offsets", entry("a", "F32", "[1]", "[-4,0]"), eight);
    header("offset with a fraction", entry("a", "F32", "[1]", "[0.5,4.5]"), eight);
    header("one offset", entry("a", "F32", "[1]", "[0]"), eight);
    header("three offsets", entry("a", "F32", "[1]", "[0,4,8]"), eight);
    header("overlap", entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", "[4,12]"), sixteen);
    header("the same bytes twice", entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", "[0,8]"), eight);
    header("overlap around an empty tensor",
           entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[0]", "[4,4]") + "," +
               entry("c", "F32", "[2]", "[4,12]"),
           sixteen);
    header("shape too small", entry("a", "F32", "[1]", "[0,8]"), eight);
    header("shape too large", entry("a", "F32", "[3]", "[0,8]"), eight);
    header("negative shape", entry("a", "F32", "[-2]", "[0,8]"), eight);
    header("two negatives", entry("a", "F32", "[-1,-2]", "[0,8]"), eight);
    header("shape that overflows to fit", entry("a", "F32", "[4611686018427387904,4]", "[0,0]"), eight);
    header("shape beyond 64 bits", entry("a", "F32", "[18446744073709551618]", "[0,8]"), eight);
    header("shape with a fraction", entry("a", "F32", "[2.5]", "[0,8]"), eight);
    header("shape as text", entry("a", "F32", "\"2\"", "[0,8]"), eight);
    header("unknown type", entry("a", "F128", "[2]", "[0,8]"), eight);
    header("type in small letters", entry("a", "f32", "[2]", "[0,8]"), eight);
    header("no type", R"("a":{"shape":[2],"data_offsets":[0,8]})", eight);
    header("no description", "\"a\":3", eight);
    header("metadata is a number", "\"__metadata__\":3," + entry("a", "F32", "[2]", "[0,8]"), eight);
    header("a name twice", entry("a", "F32", "[1]", "[0,4]") + "," + entry("a", "F32", "[1]", "[4,8]"), eight);
    header("a name that is not UTF-8", entry("a\xff", "F32", "[2]", "[0,8]"), eight);
    std::string deep;
    for (int i = 0; i < 200'000; ++i)
        deep += "{\"a\":";
    row("nested very deep, cut", assemble(deep, ""));
    row("nested very deep", assemble(deep + "1" + std::string(200'000, '}'), ""));
    row("a very deep list", assemble("{\"a\":" + std::string(500'000, '[') + std::string(500'000, ']') + "}", ""));
}

void TestSafetensors::a_header_that_lies_is_refused() {
    QFETCH(QByteArray, file);
    try {
        static_cast<void>(open(file.toStdString()));
        QFAIL("not refused");
    } catch (const Error &error) {
        QVERIFY2(std::string(error.what()).find("a.safetensors") != std::string::npos, error.what());
    }
}

void TestSafetensors::tensors_without_values_are_allowed() {
    const auto file =
        open(assemble("{" + entry("none", "F32", "[0,5]", "[0,0]") + "," + entry("scalar", "F32", "[]", "[0,4]") + "," +
                          entry("end", "F32", "[0]", "[4,4]") + "}",
                      littleEndian(0x3f800000, 4)));
    QVERIFY(file.floats("none", {0, 5}).empty());
    QVERIFY(file.floats("scalar", {}) == std::vector<float>{1.0f});
    QVERIFY(file.floats("end", {0}).empty());
}

void TestSafetensors::what_cannot_be_written_is_refused_and_leaves_nothing() {
    const std::vector<float> values{1, 2};
    const fs::path target = path("b.safetensors");
    const std::array wrongShape{floatTensor("a", {3}, values)};
    QVERIFY_EXCEPTION_THROWN(writeSafetensors(target, wrongShape), Error);
    const std::array notUtf8{floatTensor("a\xff", {2}, values)};
    QVERIFY_EXCEPTION_THROWN(writeSafetensors(target, notUtf8), Error);
    const std::array twice{floatTensor("a", {2}, values), floatTensor("a", {2}, values)};
    QVERIFY_EXCEPTION_THROWN(writeSafetensors(target, twice), Error);
    QVERIFY(!fs::exists(target));
}

void TestSafetensors::a_file_without_tensors_can_be_read_again() {
    writeSafetensors(path(), {});
    QVERIFY(SafetensorsFile(path()).tensors().empty());
}

void TestSafetensors::a_real_checkpoint_is_read() {
    const fs::path real =
        fs::path(qEnvironmentVariable("TT_TEST_DATA").toStdString()) / "checkpoints/mnist.safetensors";
    if (!fs::exists(real))
        QSKIP("TT_TEST_DATA/checkpoints/mnist.safetensors is not there");
    const SafetensorsFile file(real);
    QVERIFY(!file.tensors().empty());
    size_t data = 0;
    for (const TensorView &tensor : file.tensors()) {
        data += tensor.data.size();
        if (tensor.dtype == DType::F32) {
            const auto values = file.floats(tensor.name, tensor.shape);
            QCOMPARE(values.size() * sizeof(float), tensor.data.size());
        }
    }
    const std::string bytes = readFile(real);
    uint64_t header = 0;
    std::memcpy(&header, bytes.data(), sizeof header);
    QCOMPARE(data + header + 8, bytes.size()); // every byte belongs to a tensor
}

QTEST_APPLESS_MAIN(TestSafetensors)
#include "test_safetensors.moc"
